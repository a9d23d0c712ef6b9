package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// capture prints the messages of the TCP connections in a capture.
func (c *decodeCommand) capture(name string, stream io.Reader) error {
	s := newConversations(c, name)
	r := pcap.NewReader(stream, &pcap.Options{Port: c.source.port})
	for {
		ev, err := r.Next()
		if err != nil {
			return c.captureEnd(s, r.Stats(), err)
		}
		if ev.Kind == session.Open {
			ev.Framing = s.framing.Spelling
		}
		if err := s.event(ev); err != nil {
			return err
		}
		if ev.Kind == session.Close && s.done(ev.Conn) {
			if err := s.forget(ev.Conn); err != nil {
				return err
			}
		}
	}
}

// done reports whether nothing more of a connection will come.
func (s *conversations) done(number int) bool {
	c := s.conversation(number)
	client, server := c.feeders[sideIndex(session.Client)], c.feeders[sideIndex(session.Server)]
	return c.over || client != nil && client.stream.Ended() && server != nil && server.stream.Ended()
}

// captureEnd tells what there was besides messages, and returns what was wrong.
func (c *decodeCommand) captureEnd(s *conversations, stats pcap.Stats, err error) error {
	finished := s.finish()
	if flushed := c.print.flushed(); flushed != nil {
		return flushed
	}
	if notes := notesOn(stats); notes != "" {
		c.e.say("%s: %s", s.name, notes)
	}
	if err == io.EOF {
		err = c.nothing(s.name, stats)
	}
	switch broken := as[*pcap.Error](err); {
	case finished != nil && exitCode(finished) != exitBroken:
		return finished
	case broken != nil && (errors.Is(err, pcap.ErrNotCapture) || errors.Is(err, pcap.ErrSyntax) || errors.Is(err, io.ErrUnexpectedEOF)):
		return usage(fmt.Errorf("%s: %w", s.name, err))
	case err != nil:
		return err
	}
	return finished
}

// nothing is the error for a capture of packets none of which can be read.
func (c *decodeCommand) nothing(name string, s pcap.Stats) error {
	switch {
	case s.Packets > 0 && s.Unread == s.Packets:
		return usage(fmt.Errorf("%s: its packets are of link type %d, which is not read; "+
			"Ethernet, loopback, Linux cooked and raw IP are", name, s.UnreadLink))
	case s.Segments == 0 && c.source.port != 0:
		c.e.say("%s: no TCP with port %d in %d packets", name, c.source.port, s.Packets)
	case s.Segments == 0:
		c.e.say("%s: no TCP in %d packets", name, s.Packets)
	}
	return nil
}

func notesOn(s pcap.Stats) string {
	var notes []string
	for _, n := range []struct {
		count int64
		text  string
	}{
		{s.OutOfOrder, "segments out of order"},
		{s.Duplicate, "segments twice"},
		{s.Differing, "segments with other bytes than the first time (the first count)"},
		{s.Lost, "bytes not captured"},
		{s.Late, "segments of connections that had been reset, passed over"},
		{s.Cut, "packets of which only the start was captured (a larger snapshot length helps)"},
		{s.Fragments, "IP fragments of packets that never were whole, passed over"},
		{s.Damaged, "packets with damaged headers, passed over"},
		{s.Unread, fmt.Sprintf("packets of other link types (%d), passed over", s.UnreadLink)},
		{s.GivenUp, "connections given up because too many were open"},
	} {
		if n.count > 0 {
			notes = append(notes, fmt.Sprint(n.count, " ", n.text))
		}
	}
	return strings.Join(notes, "; ")
}
