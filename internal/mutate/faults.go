package mutate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/chancat/channel/frame"
)

// Faults are the rules for one direction of one connection. They are not safe for
// concurrent use.
type Faults struct {
	rules  []Rule
	random []*rand.Rand // of each rule, so that they do not disturb each other
}

// NewFaults returns the rules that hold for way; nil if none does. What they leave
// to chance is the same for the same seed, way and number of the connection.
func NewFaults(rules []Rule, way Way, seed, conn uint64) *Faults {
	f := &Faults{}
	for i, r := range rules {
		if r.way != "" && r.way != way {
			continue
		}
		stream := conn<<9 | uint64(i)<<1
		if way == S2C {
			stream |= 1
		}
		f.rules = append(f.rules, r)
		f.random = append(f.random, rand.New(rand.NewPCG(seed, stream)))
	}
	if len(f.rules) == 0 {
		return nil
	}
	return f
}

// An Effect is what becomes of a frame.
type Effect struct {
	Raw    []byte // what is sent; the frame itself where no rule has changed it
	Copies int    // how often: 0 for a frame that is dropped
	Split  bool   // in pieces
	Delay  time.Duration
	Reset  bool // nothing is sent, and the connection is reset

	Applied []string // the rules
	Refused []string // rules that fit the message, and why they could not be applied
}

// Apply returns the effect of the rules on the frame f of c, the seq-th of its
// direction, which carries msg. f is not changed.
func (s *Faults) Apply(f frame.Frame, msg []byte, c frame.Codec, seq int) Effect {
	e := Effect{Raw: f.Raw, Copies: 1}
	changed := false
	for i := range s.rules {
		r := &s.rules[i]
		if !r.chooses(seq, msg, s.random[i].Float64) {
			continue
		}
		switch r.what {
		case "drop":
			e.Copies = 0
		case "dup":
			e.Copies *= 2
		case "split":
			e.Split = true
		case "reset":
			e.Reset = true
		default:
			if r.delay > 0 {
				e.Delay += r.delay
				break
			}
			raw, err := f.Raw, fmt.Errorf("another rule has changed the frame already")
			if !changed {
				raw, err = spoil(r.what, f, c, s.random[i])
			}
			if err != nil {
				e.Refused = append(e.Refused, fmt.Sprintf("fault %s is not applied to message %d: %v", r.text, seq, err))
				continue
			}
			e.Raw, changed = raw, true
		}
		e.Applied = append(e.Applied, r.text)
	}
	return e
}

func spoil(what string, f frame.Frame, c frame.Codec, random *rand.Rand) ([]byte, error) {
	if what == "corrupt" {
		return corrupt(f, random)
	}
	return SpoilFrame(what, f, c)
}

// corrupt changes one byte: of the body, where there is one, so that the frame
// stays one.
func corrupt(f frame.Frame, random *rand.Rand) ([]byte, error) {
	start, n := f.Span.Head, f.Span.Body
	if n == 0 {
		start, n = 0, len(f.Raw)
	}
	if n == 0 {
		return nil, fmt.Errorf("it has no bytes")
	}
	raw := slices.Clone(f.Raw)
	raw[start+random.IntN(n)] ^= byte(1 + random.IntN(255))
	return raw, nil
}
