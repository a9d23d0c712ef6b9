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
// One file holds one framing. It registers itself; nothing else lists it.
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

	// Server is the codec of what a server sends, where the directions differ.
	// Codec then takes the frames of both, because the direction of a file, say,
	// is not known.
	Server frame.Codec

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
// same unless the spelling has a slash or the framing a Server of its own; then
// that of C2S stands for an unknown direction too.
type Framing struct {
	Spelling string
	C2S, S2C Direction // sent by the client, sent by the server
}

// A SpellingError is a spelling that [Parse] rejects.
type SpellingError struct {
	Spelling string
	Err      error
}

func (e *SpellingError) Error() string { return fmt.Sprintf("framing %q: %v", e.Spelling, e.Err) }
func (e *SpellingError) Unwrap() error { return e.Err }

var registry []Spec

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
	Spelling   string
	FromServer bool // it is what a server sends, and that differs
	Codec      frame.Codec
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
			sample := Sample{Spec: s, Spelling: spelling, Codec: f.C2S.Codec}
			if d, ok := sample.Codec.(dropper); ok && d.drops() {
				sample.Canonical = false
			}
			all = append(all, sample)
			if s.Server != nil {
				sample.FromServer, sample.Codec, sample.Messages = true, f.S2C.Codec, s.ServerMessages
				all = append(all, sample)
			}
		}
	}
	return all
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
