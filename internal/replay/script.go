package replay

import (
	"time"

	"github.com/chancat/channel/session"
)

// A Move is one thing that the played side does.
type Move struct {
	Kind  Kind
	Seq   int    // message: its number
	Body  []byte // message
	Raw   []byte // message: its frame where the recording has it; else the bytes to write
	After int    // messages of the other side that come before it

	// Pause is the time between the step before it and this one in the recording;
	// the step may be of either side.
	Pause time.Duration

	answers int  // message: the number of the other side's message that it is recorded to answer
	again   bool // the same frame goes on: the bytes are to stay apart from those before
}

// A Script is a conversation as one side sees it.
type Script struct {
	Self  session.Side
	Moves []Move
	Want  []Step // messages of the other side, in order

	// PeerEnds says that the other side ended its stream before or instead of us:
	// then nothing may follow what it is recorded to say.
	PeerEnds bool

	last time.Duration // from our last move to the last message of the other side
}

// Script returns the conversation as self sees it. With chunks set, our moves are
// the recorded writes and not messages.
func (c *Conversation) Script(self session.Side, chunks bool) *Script {
	s := &Script{Self: self}
	var before, moved time.Time
	selfEnded, between := false, 0 // messages of the other side since our last move
	for i := range c.Steps {
		step := &c.Steps[i]
		if step.From != self {
			switch step.Kind {
			case Message:
				s.Want = append(s.Want, *step)
				between++
				s.last = since(moved, step.Time)
				before = step.Time
			case End:
				s.PeerEnds = !selfEnded
			}
			continue
		}
		if skip := chunks == (step.Kind == Message || step.Kind == Rest); skip && step.Kind != End {
			continue
		}
		if step.Kind == End {
			selfEnded = true
		}
		s.Moves = append(s.Moves, Move{
			Kind: step.Kind, Seq: step.Seq, Body: step.Body, Raw: step.Raw,
			After: len(s.Want), Pause: since(before, step.Time), answers: step.Answers,
			again: step.Kind == Chunk && between == 0 && len(s.Moves) > 0,
		})
		before, moved, between = step.Time, step.Time, 0
	}
	return s
}

// since is the time from a to b, where both are known and in order.
func since(a, b time.Time) time.Duration {
	if a.IsZero() || b.IsZero() {
		return 0
	}
	return max(0, b.Sub(a))
}
