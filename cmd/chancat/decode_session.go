package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// session prints what a session file holds. Its reads are decoded anew; where it
// has none, its messages are printed as they are.
func (c *decodeCommand) session(name string, stream io.Reader) error {
	s := newConversations(c, name)
	for ev, err := range session.NewReader(stream, 0).Events() {
		if err != nil {
			return cmp.Or(s.finish(), usage(fmt.Errorf("%s: %w", name, err)))
		}
		if ev.Kind == session.Session {
			err = s.header(&ev)
		} else {
			err = s.event(&ev)
		}
		if err != nil {
			return err
		}
	}
	return s.finish()
}

// header takes the framing of a recording, unless the command line has one.
func (s *conversations) header(ev *session.Event) error {
	if s.c.e.framing != "" || ev.Framing == "" {
		return nil
	}
	f, err := framing.Parse(ev.Framing)
	if err != nil {
		return fmt.Errorf("%s: its framing: %w", s.name, err)
	}
	s.framing = f
	s.c.print.forFraming(ev.Framing)
	return nil
}
