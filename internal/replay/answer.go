package replay

import (
	"bytes"
	"context"
	"io"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/pause"
)

// Answer plays the server of s to a client that may say anything: a message is
// answered with what followed the same message in the recording, the next one
// before others. A message that the recording does not have is reported as
// unexpected and not answered. What the server said first is said first.
func Answer(ctx context.Context, conn *endpoint.Conn, s *Script, o Options) (r Result) {
	p := newPlayer(ctx, conn, s.Self, &o)
	defer p.stop()
	answers, find := s.answers(), s.finder(o.Normal)
	sent, err := p.say(ctx, answers[0], &o)
	r.Sent = sent
	next := 0
	for seq := 1; err == nil; seq++ {
		var msg []byte
		if msg, err = p.nextWithin(o.Wait); err != nil {
			break
		}
		i := find(msg, next)
		if i < 0 {
			o.Report(Outcome{Verdict: Unexpected, Seq: seq, Got: msg})
			continue
		}
		o.Report(Outcome{Verdict: Same, Seq: s.Want[i].Seq, Want: s.Want[i].Body, Got: msg})
		next = i + 1
		sent, err = p.say(ctx, answers[next], &o)
		r.Sent += sent
	}
	if err == io.EOF {
		p.closeWrite() // what fails now has no one left to hear it
		return r
	}
	r.Err, r.Fault = err, p.fault(o.Framing, err)
	return r
}

// say makes moves that follow each other.
func (p *player) say(ctx context.Context, moves []Move, o *Options) (sent int, err error) {
	for i := range moves {
		if err := pause.For(ctx, o.pause(&moves[i])); err != nil {
			return sent, err
		}
		if err := p.move(&moves[i]); err != nil {
			return sent, err
		}
		sent++
	}
	return sent, p.flush()
}

// answers are the moves by the message that they answer, counted from 1; 0 has what
// comes before any. A move answers the message that it is recorded to answer, else
// the one of its JSON-RPC id, else the oldest that has no answer yet, else the one that was answered last.
func (s *Script) answers() [][]Move {
	list := make([][]Move, len(s.Want)+1)
	oldest, last := 1, 0 // messages before oldest are answered
	for _, m := range s.Moves {
		if m.Kind == End {
			continue // the client may say more
		}
		to := m.answers
		if to == 0 || to > m.After {
			to = s.byID(m)
		}
		for oldest <= m.After && len(list[oldest]) > 0 {
			oldest++
		}
		switch {
		case to > 0:
		case oldest <= m.After:
			to = oldest
		default:
			to = min(last, m.After)
		}
		list[to] = append(list[to], m)
		last = to
	}
	return list
}

// byID returns the message before m that has its id, counted from 1; 0 if none has.
func (s *Script) byID(m Move) int {
	const most = 1000 // messages that may come between
	id := idOf(m.Body)
	for i := m.After; id != "" && i > max(0, m.After-most); i-- {
		if idOf(s.Want[i-1].Body) == id {
			return i
		}
	}
	return 0
}

// finder returns a function that finds the index of the message of the other side
// that is the same as msg: the first from next on, or else before; -1 if there is
// none. Messages are the same where what normal makes of them is.
func (s *Script) finder(normal func([]byte) []byte) func(msg []byte, next int) int {
	if normal == nil {
		normal = func(body []byte) []byte { return body }
	}
	keys := make([][]byte, len(s.Want))
	for i := range s.Want {
		keys[i] = normal(s.Want[i].Body)
	}
	return func(msg []byte, next int) int {
		key := normal(msg)
		for n := range keys {
			i := (next + n) % len(keys)
			if bytes.Equal(keys[i], key) || bytes.Equal(s.Want[i].Body, msg) {
				return i
			}
		}
		return -1
	}
}
