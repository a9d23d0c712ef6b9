// Package export writes a framing down in another language: as a dissector for
// Wireshark, and as a codec in Go or in Python.
//
// Each rule is written once, in rules/*.go.txt, in the few statements of Go that
// every language has. The Go back end prints it as it stands, the other two
// translate those statements. Round it each language has a shell, in shells/*.tmpl:
// what reads a stream, keeps the limits and reports what is broken.
package export

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"strings"
	"sync"
	"text/template"

	"github.com/chancat/channel/framing"
)

// Languages are what [Generate] writes.
var Languages = []string{"wireshark-lua", "go", "python"}

// ErrLanguage is the error for a language that is none of [Languages].
var ErrLanguage = errors.New("unknown language")

//go:embed shells/*.tmpl
var shellFiles embed.FS

var shells = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(shellFiles, "shells/*.tmpl")) })

// maxMax is the largest limit of a body that is exported, in bytes. A length and
// what stands round a body then fit 32 bits.
const maxMax = 1 << 30

// A file is what a shell knows of the framing.
type file struct {
	Spelling string // as it stands in a comment
	Name     string // for packages and dissectors

	TwoSided       bool // the client and the server send different frames
	Pair           bool // they have rules of their own
	Max, ServerMax int  // bytes of a body
	Opens          bool // the first frame of a stream may be another than the rest
	Finals         bool // the end of the stream may end a frame

	Unescape                     bool // the message is another than the body
	ClientMessage, ServerMessage bool // of which side

	LineEnds bool // the rules name CR and LF
	Letters  bool // the rules name other bytes by their letters

	Fields  []field // of the state, that the rules use
	Body    string  // the rules
	Imports []string
}

// A field is a part of the state, kept from one call of scan to the next.
type field struct{ Name, Doc string }

var stateFields = []field{
	{"pos", "how far the frame has been looked at"},
	{"line", "where the line at hand starts, or how many delimiters came first"},
	{"part", "the part of the frame, or what may follow"},
	{"size", "a length that has been read"},
	{"values", "how many values must still come"},
	{"streams", "how many streamed values are open"},
	{"depth", "how deep values are nested"},
	{"key", "1 inside a key"},
	{"more", "what must still come of an escape or a literal"},
	{"nest", "what is open, the innermost last"},
}

// Generate returns f in one of [Languages]: a whole file.
func Generate(f framing.Framing, language string) ([]byte, error) {
	d, ok := dialects[language]
	if !ok {
		return nil, fmt.Errorf("%w %q: want one of %s", ErrLanguage, language, strings.Join(Languages, ", "))
	}
	p, err := newProgram(f, d)
	if err != nil {
		return nil, fmt.Errorf("framing %q: %w", f.Spelling, err)
	}
	var out bytes.Buffer
	if err := shells().ExecuteTemplate(&out, d.shell, p.file); err != nil {
		return nil, err
	}
	if language == "go" {
		return format.Source(out.Bytes())
	}
	return out.Bytes(), nil
}

// identifier makes a name of a spelling: its letters and digits, the rest as gap.
func identifier(spelling, gap string) string {
	words := strings.FieldsFunc(strings.ToLower(spelling), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	name := strings.Join(words, gap)
	return strings.TrimRight(name[:min(len(name), 40)], gap)
}

// shown is a spelling that cannot end the comment in which it stands. What it
// escapes is an escape of delim= too.
func shown(spelling string) string {
	var out strings.Builder
	for i := range len(spelling) {
		if c := spelling[i]; c < ' ' || c > '~' || c == '"' {
			fmt.Fprintf(&out, `\x%02x`, c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
