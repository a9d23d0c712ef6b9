// Package framing has a codec for each way in which protocols delimit messages,
// and the spellings by which a person chooses one.
//
//	f, err := framing.Parse("u32be,incl,max=1MiB")
//
// The default, [MSG], writes each message as
//
//	CR LF "MSG " length CR LF bytes
//
// so "hi" travels as "\r\nMSG 2\r\nhi". docs/spec.md §4 defines every framing;
// where this package and that page differ, this package is wrong.
//
// One file holds one framing, and preset.go those that are only a spelling of
// another. It registers itself; nothing else lists it.
package framing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chancat/channel/frame"
)

// DefaultMax is the limit of a body in bytes where the spelling has no max=.
const DefaultMax = 16 << 20

// A Spec describes one framing of the registry.
type Spec struct {
	Name    string      // the word that a spelling starts with
	Aliases []string    // words that mean the same
	Value   string      // what follows the name and a =, for people; empty for nothing
	Doc     string      // the rule in one line
	Options string      // the options that it takes, for people; empty for none
	Codec   frame.Codec // the framing without options; nil when it cannot go without
	Server  frame.Codec // what the server sends where that differs from Codec; nil means the same
	Either  frame.Codec // accepts what both send, where the direction is unknown; nil means Codec

	// Preset is a spelling by length-field options that means the same, but for an
	// opening of the protocol's own; empty for none.
	Preset string

	// Canonical says that encoding what was decoded gives the same bytes. Options
	// that make the codec drop bytes take that away.
	Canonical bool
	// Samples are spellings, with options, that stand for the family in tests.
	// Empty means the bare name.
	Samples []string
	// Messages are messages for tests, each of which every sample can carry;
	// ServerMessages those of Server. Empty means any bytes.
	Messages, ServerMessages []string
	// Long makes a message of about n bytes for tests, where not all bytes are
	// one. Nil means that any are.
	Long func(n int) []byte

	parse func(o *options) (frame.Codec, error) // nil when it takes no options but max

}

// A Direction is what one side of a connection sends.
type Direction struct {
	Codec frame.Codec
	Max   int // the limit of a body in bytes
}

// A Framing is what a spelling means: a codec for each direction. They are the
// same unless the spelling has a slash or the protocol has two sides.
type Framing struct {
	Spelling string
	C2S, S2C Direction // sent by the client, sent by the server
	Either   Direction // what is read where nothing says who sent it; sends as the client
}

// A SpellingError is a spelling that [Parse] rejects.
type SpellingError struct {
	Spelling string
	Err      error
}

func (e *SpellingError) Error() string { return fmt.Sprintf("framing %q: %v", e.Spelling, e.Err) }
func (e *SpellingError) Unwrap() error { return e.Err }

var registry = make([]Spec, 0, 64) // made large at once: it grows at every start of a program

// register adds s and returns its codec.
func register(s Spec) frame.Codec {
	registry = append(registry, s)
	return s.Codec
}

// Specs returns every framing: msg first, then in the order of their names.
func Specs() []Spec {
	specs := slices.Clone(registry)
	slices.SortFunc(specs, func(a, b Spec) int {
		switch {
		case a.Name == "msg":
			return -1
		case b.Name == "msg":
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return specs
}

// A Sample is one parameterisation of a framing.
type Sample struct {
	Spec
	Spelling string
	Side     string // "server" or "either" for a codec that is not the client's; else empty
	Codec    frame.Codec
}

// All returns the samples of every framing, for the tests that range over all
// codecs: one of each codec where the directions differ.
func All() []Sample {
	var all []Sample
	for _, s := range Specs() {
		spellings := s.Samples
		if len(spellings) == 0 {
			spellings = []string{s.Name}
		}
		for _, spelling := range spellings {
			f, err := Parse(spelling)
			if err != nil {
				panic(err) // a fault of the registry itself
			}
			all = append(all, newSample(s, spelling, "", f.C2S.Codec))
			if s.Server != nil {
				all = append(all, newSample(s, spelling, "server", f.S2C.Codec))
			}
			if s.Either != nil {
				all = append(all, newSample(s, spelling, "either", f.Either.Codec))
			}
		}
	}
	return all
}

func newSample(s Spec, spelling, side string, c frame.Codec) Sample {
	if side == "server" && s.ServerMessages != nil {
		s.Messages = s.ServerMessages
	}
	if d, ok := c.(dropper); ok && d.drops() {
		s.Canonical = false
	}
	return Sample{s, spelling, side, c}
}

// A dropper is a codec that may drop bytes which it does not check.
type dropper interface{ drops() bool }

// appendFrame is AppendFrame for a codec whose body is the message.
func appendFrame(s frame.Splitter, dst, msg []byte) ([]byte, error) {
	framed, err := s.AppendHead(dst, msg)
	if err != nil {
		return dst, err
	}
	return s.AppendTail(append(framed, msg...), msg), nil
}
