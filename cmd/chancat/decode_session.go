package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// session prints what a session file holds. Its reads are decoded anew; where it
// has none, its messages are printed as they are.
func (c *decodeCommand) session(name string, stream io.Reader) error {
	s := &sessionDecoder{c: c, name: name, framing: c.framing, directions: map[direction]*feeder{}}
	for ev, err := range session.NewReader(stream, 0).Events() {
		if err != nil {
			return firstOf(s.finish(), &codedError{exitUsage, fmt.Errorf("%s: %w", name, err)})
		}
		if err := s.event(&ev); err != nil {
			return err
		}
	}
	return s.finish()
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

type direction struct {
	conn int
	from session.Side
}

type sessionDecoder struct {
	c          *decodeCommand
	name       string
	framing    framing.Framing
	directions map[direction]*feeder
	order      []*feeder
	failed     error // the first broken frame
}

// A feeder decodes one direction from the reads of a recording.
type feeder struct {
	decoder
	pending []byte // bytes of the read at hand
	time    time.Time
	ended   bool
}

// errPending says that the recording has no more of this direction yet.
var errPending = errors.New("wait for the next read")

func (f *feeder) Read(p []byte) (int, error) {
	if len(f.pending) == 0 {
		if f.ended {
			return 0, io.EOF
		}
		return 0, errPending
	}
	n := copy(p, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

func (s *sessionDecoder) event(ev *session.Event) error {
	switch ev.Kind {
	case session.Session:
		if s.c.e.framing == "" && ev.Framing != "" {
			f, err := framing.Parse(ev.Framing)
			if err != nil {
				return fmt.Errorf("%s: its framing: %w", s.name, err)
			}
			s.framing = f
		}
	case session.Read:
		f := s.feeder(direction{ev.Conn, ev.From})
		f.pending, f.time = ev.Data, ev.Time
		return s.drain(f)
	case session.Message:
		if s.directions[direction{ev.Conn, ev.From}] == nil {
			return s.recorded(ev)
		}
	case session.Broken: // the reads say it anew
	case session.Close:
		if f := s.directions[direction{ev.Conn, ev.From}]; f != nil && !f.ended {
			f.ended, f.time = true, ev.Time
			if err := s.drain(f); err != nil {
				return err
			}
		}
		return s.pass(ev)
	default:
		return s.pass(ev)
	}
	return nil
}

// recorded prints a message of a recording without reads.
func (s *sessionDecoder) recorded(ev *session.Event) error {
	if s.c.print.events != nil {
		return s.c.print.events.WriteEvent(ev)
	}
	return s.c.print.message("", ev.Data)
}

// pass prints an event that is about no message.
func (s *sessionDecoder) pass(ev *session.Event) error {
	if s.c.print.events == nil {
		return nil
	}
	return s.c.print.events.WriteEvent(ev)
}

func (s *sessionDecoder) feeder(d direction) *feeder {
	if f := s.directions[d]; f != nil {
		return f
	}
	side := s.framing.C2S
	if d.from == session.Server {
		side = s.framing.S2C
	}
	f := &feeder{decoder: decoder{c: s.c, conn: d.conn, from: d.from}}
	f.name = fmt.Sprintf("%s: connection %d, from %s", s.name, d.conn, d.from)
	f.arrival = func() time.Time { return f.time }
	f.reader = frame.NewReader(f, side.Codec, side.Max)
	s.directions[d] = f
	s.order = append(s.order, f)
	return f
}

// drain prints the messages that the read at hand completes. A broken frame ends
// its direction; the others go on.
func (s *sessionDecoder) drain(f *feeder) error {
	for {
		switch err := f.next(); {
		case err == nil:
		case errors.Is(err, errPending), err == io.EOF:
			return nil
		case exitCode(err) == exitBroken:
			if s.failed == nil {
				s.failed = err
			}
			f.pending = nil
			return nil
		default:
			return err
		}
	}
}

// finish judges what the end of the file has cut off.
func (s *sessionDecoder) finish() error {
	for _, f := range s.order {
		if !f.ended {
			f.ended = true
			if err := s.drain(f); err != nil {
				return err
			}
		}
	}
	return s.failed
}
