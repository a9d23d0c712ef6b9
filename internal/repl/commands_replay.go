package repl

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/heartbeat"
	"github.com/chancat/channel/internal/replay"
	"github.com/chancat/channel/session"
)

// answerMost is how long a recorded answer is waited for.
const answerMost = 10 * time.Second

var replayCommands = []command{
	{name: "replay", arguments: "FILE", help: "send what the client of a recording sent, each after the answers that it had", example: "/replay bug.session", run: replayFile, complete: completeFile},
}

// replayFile plays the client's side of a session file to the one target: the first
// connection on which the client says anything.
func replayFile(ctx context.Context, s *Session, argument string) error {
	argument = strings.TrimSpace(argument)
	if argument == "" {
		return usageOf("replay")
	}
	r, err := loadRecording(expand(argument, s.o.Getenv))
	if r == nil {
		return err
	}
	if err != nil {
		s.fail(err)
		s.Note("what stands before that is used")
	}
	for _, c := range r.Conversations {
		if client, _ := c.Sides(); client {
			return s.replay(ctx, c.Script(session.Client, false))
		}
	}
	return fmt.Errorf("%s: the client says nothing in it", argument)
}

func loadRecording(path string) (*replay.Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := replay.Load(borrowed(session.NewReader(f, 0).Events()), "", "msg")
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	if r != nil && len(r.Conversations) == 0 {
		r = nil
	}
	return r, err
}

// borrowed is events as replay takes them.
func borrowed(events iter.Seq2[session.Event, error]) iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		for ev, err := range events {
			if !yield(&ev, err) {
				return
			}
		}
	}
}

func (s *Session) replay(ctx context.Context, script *replay.Script) error {
	targets, err := s.targets()
	if err != nil {
		return err
	}
	if len(targets) != 1 {
		return fmt.Errorf("%d peers are connected; /to N chooses the one to replay to", len(targets))
	}
	p := targets[0]
	s.mu.Lock()
	before := p.answers()
	since := s.kept.next
	moves, want := script.Moves, script.Want
	if protocol, ok := s.protocol(); ok {
		moves, want = unbeaten(protocol, s.framing, script)
	}
	s.mu.Unlock()
	sent := 0
	for _, move := range moves {
		if err := s.awaitHeard(ctx, p, before+move.After); err != nil {
			return fmt.Errorf("before message %d of the recording: %w", move.Seq, err)
		}
		switch move.Kind {
		case replay.Message:
			err = s.sendTo(ctx, p, outgoing{body: move.Body})
			sent++
		case replay.Rest:
			err = s.sendTo(ctx, p, outgoing{raw: move.Raw, how: "raw"})
		}
		if err != nil {
			return err
		}
	}
	if err := s.awaitHeard(ctx, p, before+len(want)); err != nil {
		return err
	}
	s.compare(p, since, sent, want)
	return nil
}

// unbeaten is what script says and wants without the heartbeats that the session
// answers by itself, which come when they come, and without its answers.
func unbeaten(protocol heartbeat.Protocol, f framing.Framing, script *replay.Script) (moves []replay.Move, want []replay.Step) {
	whole := func(raw, body []byte, d framing.Direction) []byte {
		if raw == nil {
			raw, _ = d.Codec.AppendFrame(nil, body) // what cannot be sent is no heartbeat
		}
		return raw
	}
	after := make([]int, 1, len(script.Want)+1) // how many of the first n are wanted
	for _, step := range script.Want {
		if answer, _ := protocol.Answer(whole(step.Raw, step.Body, f.S2C), true); answer == nil {
			want = append(want, step)
		}
		after = append(after, len(want))
	}
	for _, move := range script.Moves {
		if answer, is := protocol.Answer(whole(move.Raw, move.Body, f.C2S), false); is && answer == nil {
			continue
		}
		move.After = after[move.After]
		moves = append(moves, move)
	}
	return moves, want
}

// answers is how many messages came that are not heartbeats. Session.mu is held.
func (p *peer) answers() int { return p.heard - p.beats.count }

// awaitHeard waits until p has sent so many messages.
func (s *Session) awaitHeard(ctx context.Context, p *peer, count int) error {
	timer := time.NewTimer(answerMost)
	defer timer.Stop()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		s.mu.Lock()
		missing, over := count-p.answers(), p.state != open || p.in != nil && p.in.broken != nil
		s.mu.Unlock()
		switch {
		case missing <= 0:
			return nil
		case over:
			return fmt.Errorf("%d recorded answers are missing, and no more come", missing)
		}
		select {
		case <-ticker.C:
		case <-timer.C:
			return fmt.Errorf("%d recorded answers have not come in %v", missing, answerMost)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// compare tells which of the answers since message number since are not as they
// were recorded.
func (s *Session) compare(p *peer, since, sent int, want []replay.Step) {
	s.mu.Lock()
	came := s.kept.next - since
	kept := s.kept.last(came)
	var got []*message
	for _, m := range kept {
		if m.peer == p.number && !m.sent {
			got = append(got, m)
		}
	}
	s.mu.Unlock()
	answers := fmt.Sprintf("all %d answers", len(want))
	if len(kept) < came && len(got) < len(want) {
		answers = fmt.Sprintf("the last %d of %d answers, which are kept,", len(got), len(want))
		want = want[len(want)-len(got):]
	}
	var differ []string
	for i, m := range got {
		if i >= len(want) || string(m.body) != string(want[i].Body) {
			differ = append(differ, fmt.Sprintf("#%d", m.number))
		}
	}
	const most = 10
	switch n := len(differ); {
	case n == 0:
		s.Note("%s sent again; %s are as they were recorded", messages(sent), answers)
	case n > most:
		s.Note("%s sent again; %d of %d answers are not as they were recorded: %s and more", messages(sent), n, len(want), strings.Join(differ[:most], " "))
	default:
		s.Note("%s sent again; %d of %d answers are not as they were recorded: %s", messages(sent), n, len(want), strings.Join(differ, " "))
	}
}
