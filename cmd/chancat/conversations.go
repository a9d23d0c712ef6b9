package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// conversations decode the connections of a recording or a capture from its events.
type conversations struct {
	c       *decodeCommand
	name    string // of the file
	framing framing.Framing
	open    map[int]*conversation
	last    *conversation // that the last event was about
	broken  bool          // a frame of one that is forgotten was
}

// A conversation is the directions of one connection.
type conversation struct {
	number  int
	feeders [3]*feeder // by side; nil before their first bytes
	over    bool
}

func newConversations(c *decodeCommand, name string) *conversations {
	return &conversations{c: c, name: name, framing: c.framing, open: map[int]*conversation{}}
}

// event prints what ev is about, or completes.
func (s *conversations) event(ev *session.Event) error {
	switch ev.Kind {
	case session.Read:
		if f := s.feeder(ev); f != nil {
			return f.feed(ev.Data, ev.Time)
		}
		return nil
	case session.Message, session.Broken:
		if c := s.conversation(ev.Conn); c.feeders[sideIndex(ev.From)] != nil || c.over {
			return nil // the reads say it anew
		}
		return s.recorded(ev)
	case session.Lost:
		if err := s.pass(ev); err != nil {
			return err
		}
		if f := s.feeder(ev); f != nil {
			return f.lose(ev)
		}
		return nil
	case session.Close:
		return cmp.Or(s.close(ev), s.pass(ev))
	}
	return s.pass(ev)
}

// recorded prints a message, or a broken frame, of a recording without reads.
func (s *conversations) recorded(ev *session.Event) error {
	s.broken = s.broken || ev.Kind == session.Broken
	switch {
	case s.c.print.events != nil:
		return s.c.print.events.WriteEvent(ev)
	case ev.Kind == session.Broken:
		err := s.c.print.flushed()
		s.c.e.tell(recordedFault(s.nameOf(ev), ev))
		return err
	}
	return s.c.print.message(whereOf(ev.Conn, ev.From), ev.Data)
}

// pass prints an event that is about no message.
func (s *conversations) pass(ev *session.Event) error {
	if s.c.print.events == nil {
		return nil
	}
	return s.c.print.events.WriteEvent(ev)
}

// close ends the direction that ev is about, or all if the connection is gone.
func (s *conversations) close(ev *session.Event) error {
	c := s.conversation(ev.Conn)
	if ev.From != "" && ev.Reason == "eof" {
		if f := s.feeder(ev); f != nil {
			return f.end(ev.Time)
		}
		return nil
	}
	c.over = true
	return s.end(c, ev.Time)
}

// forget lets go of a connection of which nothing more will come.
func (s *conversations) forget(number int) error {
	c := s.open[number]
	if c == nil {
		return nil
	}
	err := s.end(c, time.Time{})
	delete(s.open, number)
	s.last = nil
	return err
}

// finish judges what the end of the file has cut off.
func (s *conversations) finish() error {
	for _, number := range slices.Sorted(maps.Keys(s.open)) {
		if err := s.end(s.open[number], time.Time{}); err != nil {
			return err
		}
	}
	if s.broken {
		return &toldError{&codedError{exitBroken, errors.New("broken frames")}}
	}
	return nil
}

// end judges what the end of c has cut off, and frees its buffers.
func (s *conversations) end(c *conversation, at time.Time) error {
	for side, f := range c.feeders {
		if f == nil {
			continue
		}
		if err := f.end(at); err != nil {
			return err
		}
		s.broken = s.broken || f.broken
		if c.over {
			c.feeders[side] = nil
		}
	}
	return nil
}

func (s *conversations) conversation(number int) *conversation {
	if s.last != nil && s.last.number == number { // nearly always
		return s.last
	}
	c := s.open[number]
	if c == nil {
		c = &conversation{number: number}
		s.open[number] = c
	}
	s.last = c
	return c
}

// feeder returns the direction that ev is about; nil if it is over.
func (s *conversations) feeder(ev *session.Event) *feeder {
	c := s.conversation(ev.Conn)
	side := sideIndex(ev.From)
	if f := c.feeders[side]; f != nil || c.over {
		return f
	}
	directions := [...]framing.Direction{s.framing.Either, s.framing.C2S, s.framing.S2C}
	c.feeders[side] = newFeeder(decoder{
		c: s.c, framing: s.framing, conn: ev.Conn, from: ev.From, where: whereOf(ev.Conn, ev.From),
		name: s.nameOf(ev),
	}, directions[side])
	return c.feeders[side]
}

// nameOf names the direction that ev is about, for people.
func (s *conversations) nameOf(ev *session.Event) string {
	return fmt.Sprintf("%s: connection %d, from %s", s.name, ev.Conn, orDefault(string(ev.From), "an unknown side"))
}

func sideIndex(s session.Side) int {
	switch s {
	case session.Client:
		return 1
	case session.Server:
		return 2
	}
	return 0
}

// whereOf stands before a message for a person.
func whereOf(conn int, from session.Side) string {
	return fmt.Sprintf("[%d %s] ", conn, orDefault(string(from), "?"))
}
