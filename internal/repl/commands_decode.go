package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chancat/channel/detect"
	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/view"
)

// decodeCommands change how bytes are read and messages are shown.
var decodeCommands = []command{
	{name: "framing", arguments: "[X|auto]", help: "change the framing, or find it out, and decode again what was received", example: "/framing u32be,incl", run: setFraming, complete: completeFraming},
	{name: "resync", arguments: "[N]", help: "after a broken frame: go on decoding where the next could start", example: "/resync", run: resync, complete: completePeer},
	{name: "view", arguments: "[X]", help: "show messages as " + strings.Join(view.Names(), ", "), example: "/view hex", run: setView, complete: completeView},
	{name: "time", arguments: "[on|off|relative|delta]", help: "show when each message came: by the clock, since the first message, or since the one before", example: "/time delta", run: setTime, complete: completeWords("on", "off", "relative", "delta")},
	{name: "pause", help: "keep what arrives without showing it", example: "/pause", run: pause},
	{name: "resume", help: "show what arrives again", example: "/resume", run: resume},
}

func setFraming(_ context.Context, s *Session, argument string) error {
	argument = strings.TrimSpace(argument)
	if argument == "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.Note("framing %s", s.framing.Spelling)
		return nil
	}
	if argument == "auto" {
		return s.detectFraming()
	}
	f, err := framing.Parse(argument)
	if err != nil {
		return misused("%v", err)
	}
	s.useFraming(f)
	return nil
}

// detectFraming asks what has come which framing it has, and uses that if the answer
// is sure.
func (s *Session) detectFraming() error {
	s.mu.Lock()
	var streams []detect.Stream
	for _, p := range s.present() {
		if p.in == nil || len(p.in.history) == 0 {
			continue
		}
		from := detect.Server
		if p.server {
			from = detect.Client
		}
		streams = append(streams, detect.Stream{
			Data: bytes.Clone(p.in.history), From: from, Conn: p.number, Ended: p.in.ended, Late: p.in.start > 0,
		})
	}
	s.mu.Unlock()
	answer := detect.Detect(streams)
	if !answer.Decided {
		for _, c := range answer.Candidates {
			s.Note("%3.0f%%  %s: %s%s", 100*c.Score, c.Framing, c.Evidence, c.Broke)
		}
		if answer.Why == "" {
			answer.Why = "nothing has come yet"
		}
		return fmt.Errorf("cannot decide: %s", answer.Why)
	}
	f, err := framing.Parse(answer.Candidates[0].Framing)
	if err != nil {
		return err
	}
	s.useFraming(f)
	return nil
}

// useFraming decodes what has come, and what comes, in f.
func (s *Session) useFraming(f framing.Framing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.framing, s.trying = f, true
	s.Note("framing %s", f.Spelling)
	for _, p := range s.present() {
		if p.conn.Stream == nil {
			s.Note("%s%s keeps messages apart by itself, and is not touched by the framing", s.which(p), p.label())
			continue
		}
		s.decodeAgain(p)
	}
	s.prompt()
}

// decodeAgain decodes what p has sent in the framing of now. s.mu is held.
func (s *Session) decodeAgain(p *peer) {
	now := time.Now()
	if n := len(p.in.history); n > 0 {
		s.Note("%sdecoding again the last %s that came", s.which(p), size(n))
	}
	err := p.in.again(p.receives(s.framing), func(f wire.Frame, body []byte) {
		m := keep(p, f, body, now)
		s.kept.add(m)
		s.showMessage(m)
	})
	if err != nil {
		s.showFault(p, err, s.fault(p, err))
	} else if n := len(p.in.undecoded()); n > 0 && p.state == open {
		s.Note("%s%s more are the beginning of a frame", s.which(p), size(n))
	}
}

// resync looks for the next frame of every peer whose frames have broken.
func resync(_ context.Context, s *Session, argument string) error {
	words, err := fields("resync", argument, 0, 1)
	if err != nil {
		return err
	}
	var only *peer
	if len(words) == 1 {
		if only, err = s.peerNamed(words[0]); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sought := false
	for _, p := range s.peers {
		if p.in == nil || p.in.broken == nil || only != nil && p != only {
			continue
		}
		sought = true
		s.seek(p)
	}
	if !sought {
		return errors.New("nothing is broken")
	}
	s.prompt()
	return nil
}

// seek goes on behind the broken frame of p. s.mu is held.
func (s *Session) seek(p *peer) {
	now, found := time.Now(), false
	err := p.in.resync(func(f wire.Frame, body []byte) {
		if !found {
			found = true
			s.Note("%sgoing on at byte %d", s.which(p), f.Offset)
		}
		s.heard(p, f, body, now)
	})
	switch {
	case err != nil:
		s.showFault(p, err, s.fault(p, err))
	case p.in.seeking && p.in.ended:
		s.Note("%sno frame starts in the rest", s.which(p))
	case p.in.seeking:
		s.Note("%sno frame starts in what has come; looking on", s.which(p))
	case !found:
		s.Note("%sgoing on with the beginning of a frame", s.which(p))
	}
}

func setView(_ context.Context, s *Session, argument string) error {
	argument = strings.TrimSpace(argument)
	s.mu.Lock()
	defer s.mu.Unlock()
	if argument == "" {
		s.Note("view %s", s.viewName)
		return nil
	}
	v, err := view.Parse(argument)
	if err != nil {
		return misused("%v", err)
	}
	s.view, s.viewName = v, argument
	return nil
}

func setTime(_ context.Context, s *Session, argument string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch word := clock(strings.TrimSpace(argument)); word {
	case clockOn, clockRelative, clockDelta, clockOff:
		s.clock = word
	case "":
		if s.clock == clockOff {
			s.clock = clockOn
		} else {
			s.clock = clockOff
		}
	default:
		return usageOf("time")
	}
	return nil
}

func pause(_ context.Context, s *Session, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.paused {
		s.paused, s.held, s.pausedAt = true, 0, s.kept.next
	}
	s.prompt()
	s.Note("paused; /resume shows what comes meanwhile")
	return nil
}

// resumedMost bounds the messages that /resume shows.
const resumedMost = 100

func resume(_ context.Context, s *Session, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.paused {
		return errors.New("nothing is paused")
	}
	held := s.held
	s.paused, s.held = false, 0
	s.prompt()
	text := messages(held) + " came meanwhile"
	if held > resumedMost {
		text += fmt.Sprintf(", the last %d follow; /history %d lists all that are kept", resumedMost, held)
	}
	s.Note("%s", text)
	var came []*message
	for _, m := range s.kept.last(s.kept.next - s.pausedAt) {
		if !m.sent {
			came = append(came, m)
		}
	}
	for _, m := range came[max(0, len(came)-resumedMost):] {
		s.showMessage(m)
	}
	return nil
}
