package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/session"
)

const (
	// endSilence is how long a connection that we are done with is listened to:
	// what still comes is one message too many.
	endSilence = time.Second
	drainMost  = 3 * time.Second

	// nudgeLeast and nudgeFactor say when a peer that owes messages is told that no
	// more will come, by a half-close that no recording shows: after the recorded
	// time, many times over. It may wait for the end of the stream to answer.
	nudgeLeast  = time.Second
	nudgeFactor = 5
)

// The ends of a conversation that still owes messages.
var (
	ErrTimeout = errors.New("timed out")
	ErrClosed  = errors.New("the peer closed the connection")
)

// Options configures Run.
type Options struct {
	Framing  framing.Framing
	Delivery mutate.Delivery // of each move
	Gap      time.Duration   // between pieces that belong together

	Speed float64       // 1 keeps the recorded pauses, 10 makes them ten times shorter; 0 drops them
	Wait  time.Duration // for the next message of the peer; 0 means for ever

	Normal    func(body []byte) []byte // messages of which it makes the same are the same; nil compares bytes
	Only      func(body []byte) bool   // which messages of the peer count; nil means all
	Unordered bool                     // compare as sets

	// Report is called with each outcome, one at a time.
	Report func(Outcome)
}

// A Result is how a replay ended.
type Result struct {
	Sent      int  // messages, or writes, of ours
	Reordered bool // all that is missing came, but in another place

	Owed   int        // messages that had not come when it ended early
	Failed int        // index of the connection that Err is about
	Err    error      // why it ended early; nil if it did not
	Fault  link.Fault // where Err is a broken frame
}

// Run plays s over conns[0], and at the same time over conns[1] if there is one.
// With one connection what the peer says is compared with the recording; with two
// what the second says is compared with what the first says, and the recording
// tells only what to wait for. Connections are closed when it returns.
//
// A move is made when as many messages have come as came before it in the
// recording, whatever they say.
func Run(ctx context.Context, conns []*endpoint.Conn, s *Script, o Options) Result {
	j := &judge{normal: o.Normal, unordered: o.Unordered, report: o.Report}
	s = s.only(o.Only)
	players := make([]*player, len(conns))
	for i, c := range conns {
		players[i] = newPlayer(ctx, c, s.Self, &o)
	}
	if len(conns) == 1 {
		for _, w := range s.Want {
			j.wanted(arrival{body: w.Body, seq: w.Seq})
		}
		j.wantDone = true
		players[0].surplus = j.surplus
		came := j.came
		if len(s.Want) == 0 && s.Self == session.Client {
			came = func(arrival) error { return nil } // a recording of one side compares nothing
		}
		players[0].start(came)
	} else {
		players[0].start(j.awaited)
		players[1].start(j.came)
	}
	r := play(ctx, players, s, &o)
	for _, p := range players {
		if r.Err != nil && p == players[r.Failed] {
			r.Fault = p.fault(o.Framing, r.Err)
		}
		p.stop()
	}
	r.Owed = j.close(r.Err == nil)
	r.Reordered = j.reordered()
	return r
}

// play makes the moves and waits for the end.
func play(ctx context.Context, players []*player, s *Script, o *Options) (r Result) {
	each := func(f func(*player) error) bool {
		for i, p := range players {
			if err := f(p); err != nil {
				r.Failed, r.Err = i, err
				return false
			}
		}
		return true
	}
	for i := range s.Moves {
		m := &s.Moves[i]
		if !each(func(p *player) error { return p.await(ctx, m.After, o.Wait) }) {
			return r
		}
		if err := pause.For(ctx, o.pause(m)); err != nil {
			r.Err = err
			return r
		}
		if !each(func(p *player) error { return p.move(m) }) {
			players[r.Failed].drain(ctx, endSilence) // what it said before it went counts
			return r
		}
		if m.Kind != End {
			r.Sent++
		}
	}
	each(func(p *player) error { return p.finish(ctx, s, o) })
	return r
}

// pause is how long to wait before m.
func (o *Options) pause(m *Move) time.Duration {
	var d time.Duration
	if o.Speed > 0 {
		d = time.Duration(float64(m.Pause) / o.Speed)
	}
	if m.again {
		d = max(d, o.Gap)
	}
	return d
}

// only is the script without the messages of the other side that do not count.
func (s *Script) only(counts func([]byte) bool) *Script {
	if counts == nil {
		return s
	}
	part := *s
	part.Want, part.Moves = nil, append([]Move{}, s.Moves...)
	move := 0
	for i, w := range s.Want {
		for ; move < len(part.Moves) && part.Moves[move].After <= i; move++ {
			part.Moves[move].After = len(part.Want)
		}
		if counts(w.Body) {
			part.Want = append(part.Want, w)
		}
	}
	for ; move < len(part.Moves); move++ {
		part.Moves[move].After = len(part.Want)
	}
	return &part
}

// finish waits for what the peer still owes, ends our side and listens for what is
// too much.
func (p *player) finish(ctx context.Context, s *Script, o *Options) error {
	server := s.Self == session.Server
	if err := p.owed(ctx, s, o); err != nil {
		return err
	}
	silence := endSilence
	if server && s.PeerEnds {
		silence = o.Wait // the client is the one to leave
	} else {
		p.closeWrite() // what fails now has no one left to hear it
	}
	// All was said: how the connection ends no longer matters, but a broken frame is
	// something more that was said.
	err := p.drain(ctx, silence)
	if broken, ok := errors.AsType[*frame.Error](err); ok && broken.Cause != "" {
		return err
	}
	return nil
}

// owed waits for the last messages of the peer.
func (p *player) owed(ctx context.Context, s *Script, o *Options) error {
	if s.Self == session.Server {
		return p.await(ctx, len(s.Want), o.Wait)
	}
	nudge, left := max(nudgeLeast, nudgeFactor*s.last), time.Duration(0)
	if o.Wait > 0 {
		nudge = min(nudge, o.Wait)
		left = max(o.Wait-nudge, endSilence)
	}
	err := p.await(ctx, len(s.Want), nudge)
	if !errors.Is(err, ErrTimeout) {
		return err
	}
	p.closeWrite() // where there is no half-close, waiting is all that is left
	switch again := p.await(ctx, len(s.Want), left); {
	case errors.Is(again, ErrTimeout):
		return fmt.Errorf("%w, nor within %v when our stream had ended", err, left)
	case errors.Is(again, ErrClosed): // because we ended: what it owes is the answer
		return fmt.Errorf("%w, nor when our stream had ended", err)
	default:
		return again
	}
}
