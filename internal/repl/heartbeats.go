package repl

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/chancat/channel/endpoint"
	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/heartbeat"
	"github.com/chancat/channel/session"
)

// beats is how a connection is kept alive. Session.mu guards it.
type beats struct {
	sent, heard []byte // the first frame of each direction
	last        time.Time
	keeping     bool     // a goroutine breaks our silence
	due         [][]byte // answers that are to be sent
	told        bool
	asked       int // answers that a person has asked for, and wants to see
	count       int // of those that came and are no messages
}

// protocol is that of the framing, unless the person answers by hand.
func (s *Session) protocol() (heartbeat.Protocol, bool) {
	if s.silent {
		return heartbeat.Protocol{}, false
	}
	return heartbeat.Of(s.framing)
}

// beat reports whether f is a heartbeat of p: it is recorded and counted, and
// neither numbered nor shown, as it would come for as long as the session lasts.
// s.mu is held.
func (s *Session) beat(p *peer, f wire.Frame, body []byte, now time.Time) bool {
	protocol, ok := s.protocol()
	if !ok {
		return false
	}
	answer, is := protocol.Answer(f.Raw, !p.server)
	if !is {
		return false
	}
	if answer != nil {
		p.beats.due = append(p.beats.due, answer)
	} else if p.beats.asked > 0 {
		p.beats.asked--
		return false
	}
	p.heard++
	p.beats.count++
	s.counts.beats++
	s.record(p, &session.Event{
		Kind: session.Message, Time: now, From: p.other(), Seq: p.heard, Offset: f.Offset,
		Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail, Reads: f.Reads, Data: bytes.Clone(body),
	})
	if !p.beats.told {
		p.beats.told = true
		s.Note("%sheartbeats of %s are answered and not shown; /heartbeat off leaves them to you", s.which(p), protocol.Name)
	}
	return true
}

// asksBeat reports whether p answers raw by a heartbeat. s.mu is held.
func (s *Session) asksBeat(p *peer, raw []byte) bool {
	protocol, ok := s.protocol()
	if !ok {
		return false
	}
	answer, is := protocol.Answer(raw, p.server)
	return is && answer != nil
}

// dueBeats returns what p is to be answered. s.mu is held.
func (p *peer) dueBeats() [][]byte {
	due := p.beats.due
	p.beats.due = nil
	return due
}

// opened learns the first frame of a direction, and from both how long we may be
// silent. s.mu is held.
func (s *Session) opened(p *peer, raw []byte, sent bool) {
	first := &p.beats.heard
	if sent {
		first = &p.beats.sent
	}
	if *first != nil || p.beats.keeping {
		return
	}
	*first = raw
	protocol, ok := s.protocol()
	if !ok || protocol.Agreed == nil {
		return
	}
	silence := protocol.Agreed(p.beats.sent, p.beats.heard)
	if silence <= 0 || s.closing {
		return
	}
	p.beats.keeping = true
	conn := p.conn
	s.speak(func() { s.keep(p, conn, silence*3/4, protocol.Beat) })
}

// keep sends beat to p whenever we were silent for so long, while conn lasts.
func (s *Session) keep(p *peer, conn *endpoint.Conn, silence time.Duration, beat []byte) {
	timer := time.NewTimer(silence)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-s.ctx.Done():
			return
		}
		s.mu.Lock()
		over, quiet, silent := p.conn != conn || p.state == lost || p.halved, time.Since(p.beats.last), s.silent
		s.mu.Unlock()
		switch {
		case over:
			return
		case silent:
			quiet = 0
		case quiet >= silence:
			if s.transmit(s.ctx, p, outgoing{raw: beat, beat: true}) != nil {
				return // it has told
			}
			quiet = 0
		}
		timer.Reset(silence - quiet)
	}
}

// answerBeats sends answers to heartbeats.
func (s *Session) answerBeats(p *peer, due [][]byte) {
	for _, raw := range due {
		if err := s.transmit(s.ctx, p, outgoing{raw: raw, beat: true}); err != nil {
			return // the loss was told
		}
	}
}

func beatOnOff(_ context.Context, s *Session, argument string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch strings.TrimSpace(argument) {
	case "on":
		s.silent = false
	case "off":
		s.silent = true
		s.Note("heartbeats are shown, and not answered")
		return nil
	case "":
	default:
		return usageOf("heartbeat")
	}
	switch protocol, ok := s.protocol(); {
	case ok:
		s.Note("heartbeats of %s are answered and not shown", protocol.Name)
	case s.silent:
		s.Note("heartbeats are shown, and not answered")
	default:
		s.Note("framing %s has no heartbeats", s.framing.Spelling)
	}
	return nil
}
