// Package text has the codings in which messages stand in a stream that people
// and shell tools write and read: those of --in and --out (docs/spec.md §5).
//
//	line            a message, LF
//	nul             a message, NUL
//	raw             nothing but the message
//	hex base64      a message in that coding, LF
//	escape          a message with \n \r \t \0 \\ \xNN \u{X}, LF
//	frames=FRAMING  a frame
//
// Where a coding cannot tell two messages apart (a body with an LF under line,
// raw), nothing is added to change that: bytes stay as they are.
package text

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chancat/channel/framing"
)

// A Coding is one of the codings. The zero value is line.
type Coding struct {
	kind   kind
	frames framing.Framing // for frames=
}

type kind uint8

const (
	line kind = iota
	nul
	raw
	hexLines
	base64Lines
	escapeLines
	frames
)

const framesPrefix = "frames="

var names = []string{"line", "nul", "raw", "hex", "base64", "escape", "frames=FRAMING"} // by kind

// Line is the default coding.
var Line = Coding{}

// String returns the spelling of c.
func (c Coding) String() string {
	if c.kind == frames {
		return framesPrefix + c.frames.Spelling
	}
	return names[c.kind]
}

// Names returns the spellings of the codings, for help and completion.
func Names() []string { return slices.Clone(names) }

// An UnknownError is a spelling that [Parse] rejects.
type UnknownError struct {
	Spelling string
	Err      error
}

func (e *UnknownError) Error() string { return fmt.Sprintf("coding %q: %v", e.Spelling, e.Err) }
func (e *UnknownError) Unwrap() error { return e.Err }

// Parse reads the spelling of a coding. The error is an [*UnknownError]; where
// the framing of frames= is at fault, it wraps a [*framing.SpellingError].
func Parse(spelling string) (Coding, error) {
	if f, ok := strings.CutPrefix(spelling, framesPrefix); ok {
		return parseFrames(spelling, f)
	}
	for k, name := range names[:frames] {
		if spelling == name {
			return Coding{kind: kind(k)}, nil
		}
	}
	return Coding{}, &UnknownError{spelling, unknown(spelling)}
}

func parseFrames(spelling, framingSpelling string) (Coding, error) {
	f, err := framing.Parse(framingSpelling)
	switch {
	case err != nil:
		return Coding{}, &UnknownError{spelling, err}
	case strings.Contains(framingSpelling, "/"):
		return Coding{}, &UnknownError{spelling, errors.New("a pair of framings; one stream has one")}
	}
	return Coding{kind: frames, frames: f}, nil
}

func unknown(spelling string) error {
	list := strings.Join(names, ", ")
	for _, name := range names {
		word := strings.TrimSuffix(name, "=FRAMING")
		if spelling != "" && (strings.HasPrefix(word, spelling) || strings.HasPrefix(spelling, word) || oneSlip(spelling, word)) {
			return fmt.Errorf("did you mean %s? known are %s", name, list)
		}
	}
	return fmt.Errorf("known are %s", list)
}

// oneSlip reports whether a and b differ in one place: a byte more, less or
// other, or two that changed places.
func oneSlip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// Frames is the coding frames=FRAMING for a framing that is parsed already. Of a
// pair, what the client sends counts.
func Frames(f framing.Framing) Coding { return Coding{kind: frames, frames: f} }
