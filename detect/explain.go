package detect

import (
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A Diagnosis says why a stream does not decode, in offsets of the stream.
type Diagnosis struct {
	OK       bool  // nothing is wrong with what is there
	Messages int   // good frames before the guilty one
	Offset   int64 // the first byte of the frame held guilty
	At       int64 // the byte where decoding stuck, which may lie in a later frame
	Start    int64 // the first byte of the frame in which it stuck

	// Note is what a person may want to know of a stream with which nothing is wrong;
	// empty for nothing.
	Note string

	Tried []string // other readings of the length that broke, and how far they got; for people

	Err    error         // what the decoder said; nil where only a body is wrong
	Causes []Explanation // the most likely first; empty when OK
}

// An Explanation is one reason for what broke, and what was measured of it.
type Explanation struct {
	Cause  frame.Cause // of docs/spec.md §7.10
	Score  float64     // 0 to 1: how the explanations share the belief
	Detail string      // what was seen, for people
	Repair string      // what mends it, for people; empty when nothing is known to
	Then   int         // messages that decode from Offset on with the repair

	Framing string // a spelling that decodes the stream as it is; empty for none
	Address string // the scheme of an address to try, such as "tls://"; empty for none

	// Measured tells that more speaks for it than what the decoder said.
	Measured bool

	frame, resume int // where the guilty frame begins, and where frames go on; 0 where nothing is repaired
	unit          int // the guilty part of it

	offset   int64
	messages int
	bits     float64 // of evidence
}

// Best returns the most likely explanation; the zero one when nothing is wrong.
func (d *Diagnosis) Best() Explanation {
	if len(d.Causes) == 0 {
		return Explanation{}
	}
	return d.Causes[0]
}

// A Place says where in its stream the data of a [Stream] begins.
type Place struct {
	Offset   int64 // bytes before it
	Messages int   // good frames before it
}

// Explain says why s does not decode as f, and what would make it. Each cause is
// tried as a repair of the decoder; the ones with which most of the rest decodes
// come first. It reads s.Data and keeps nothing of it.
func Explain(f framing.Framing, s Stream) Diagnosis { return ExplainFrom(f, s, Place{}) }

// ExplainFrom is Explain for a stream of which only the end is there, from a
// frame boundary on.
func ExplainFrom(f framing.Framing, s Stream, p Place) Diagnosis {
	e := newExamination(f, s, p)
	d := e.decode()
	if !d.OK || e.doubtful() {
		e.explain(&d)
	}
	switch {
	case d.OK && e.name == "line":
		e.judgeLines(&d)
	case d.OK && e.name == "crlf":
		e.judgeEndings(&d)
	case d.OK && e.large > 0:
		d.Note = e.peerLimit(e.large)
	case d.OK && e.padded > 0:
		d.Note = e.paddedLengths()
	case d.OK:
		d.Note = e.halved()
	}
	if !d.OK {
		d.Tried = e.tried()
	}
	return d
}

// An examination is one run of Explain.
type examination struct {
	data  []byte
	ended bool
	end   End
	place Place
	from  Side

	framing  framing.Framing
	spelling string
	name     string // of the framing, without its options
	field    string // its spelling by length-field options; empty where it is none of that family
	codec    frame.Codec
	first    frame.FirstScanner // nil unless the stream's first frame may be another
	max      int
	unit     unitScanner

	padded int   // good frames with a length in base 128 that is longer than it must be
	large  int   // the longest body that is over what the peer takes by default
	frames int   // good frames of the plain decoder
	starts []int // where the last of them begin, oldest first
	stuck  int   // where the frame begins that it could not decode
	err    *frame.Error

	begins *[256]bool // the first bytes of the good frames; nil until asked for
	kinds  int        // how many they are

	empties []int // of the good frames before each start; nil until counted

	feeds int // line ends in the window of the chains; negative until counted

	chain    *chains
	perFrame float64
	width    int           // of a fixed length field, in bytes
	st       frame.State   // of the call at hand: one on the stack would not stay there
	others   []alternative // nil until asked for
	found    []Explanation // the best of each cause
	top      float64       // the evidence of the best
}

func newExamination(f framing.Framing, s Stream, p Place) *examination {
	spelling := f.Spelling
	client, server, pair := strings.Cut(spelling, "/")
	direction := f.Either
	switch {
	case s.From == Client:
		direction = f.C2S
	case s.From == Server:
		direction = f.S2C
		if pair {
			client = server
		}
	}
	e := &examination{
		data: s.Data, ended: s.Ended, end: s.End, place: p, from: s.From, feeds: -1,
		framing: f, spelling: client, codec: direction.Codec, max: direction.Max,
	}
	e.name = nameOf(client)
	e.field = e.spelledByField()
	if p.Offset == 0 {
		e.first, _ = direction.Codec.(frame.FirstScanner)
	}
	e.unit = newUnitScanner(e)
	return e
}

// nameOf returns the framing's name in a spelling, resolving aliases.
func nameOf(spelling string) string {
	name, _, _ := strings.Cut(spelling, ",")
	name, _, _ = strings.Cut(name, "=")
	switch name {
	case "dap", "header":
		return "lsp"
	}
	return name
}
