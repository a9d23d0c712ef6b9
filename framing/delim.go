package framing

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/chancat/channel/frame"
)

// CRLF frames a message as its bytes and CR LF.
var CRLF = register(Spec{
	Name:      "crlf",
	Doc:       "text, CR LF; a lone CR or LF is text",
	Codec:     &delimiter{[]byte("\r\n")},
	Canonical: true,
	Messages:  []string{"", "hi", "two words", "a\rb\nc", "\r", "\n", "\x00\xff", "naïve"},
})

// NUL frames a message as its bytes and a zero byte.
var NUL = register(Spec{
	Name:      "nul",
	Doc:       "text, NUL",
	Codec:     &delimiter{[]byte{0}},
	Canonical: true,
	Messages:  []string{"", "hi", "two words", "a\r\nb", "\xff", "naïve"},
})

var _ = register(Spec{
	Name:      "delim",
	Doc:       `text, delimiter: delim=STR, where STR may hold \n \r \t \0 \\ \xNN`,
	Canonical: true,
	Samples:   []string{`delim=;`, `delim=\x2c`, `delim=--END--`, `delim=\r\n\0`},
	Messages:  []string{"", "hi", "two words", "--EN", "a\r\nb\r\n", "-\x00\xff", "naïve"},
	Value:     "STR",
	parse:     parseDelimiter,
})

// A delimiter frames a message as its bytes and the delimiter, which is not
// empty. The first delimiter in the stream ends the frame.
type delimiter struct{ text []byte }

const maxDelimiter = 255 // bytes; bounds what is examined again when more arrives

func parseDelimiter(o *options) (frame.Codec, error) {
	if o.value == "" {
		return nil, fmt.Errorf(`%s needs a value, such as delim=; or delim=\r\n`, o.name)
	}
	text, err := unescape(o.value)
	if err != nil {
		return nil, fmt.Errorf("delim=%s: %w", o.value, err)
	}
	if len(text) > maxDelimiter {
		return nil, fmt.Errorf("a delimiter of %d bytes, the most is %d", len(text), maxDelimiter)
	}
	return &delimiter{text}, nil
}

// unescape reads the escapes \n \r \t \0 \\ \xNN.
func unescape(text string) ([]byte, error) {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		if i++; i == len(text) {
			return nil, errors.New(`a lone backslash at the end; want \\`)
		}
		if k := strings.IndexByte(`nrt0\`, text[i]); k >= 0 {
			out = append(out, "\n\r\t\x00\\"[k])
			continue
		}
		digits := text[i+1 : min(i+3, len(text))]
		n, err := strconv.ParseUint(digits, 16, 8)
		if text[i] != 'x' || len(digits) != 2 || err != nil {
			return nil, fmt.Errorf(`unknown escape %q; want \n \r \t \0 \\ or \xNN`, `\`+text[i:])
		}
		out = append(out, byte(n))
		i += 2
	}
	return out, nil
}

func (d *delimiter) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if i := bytes.Index(buf[st.Pos:], d.text); i >= 0 {
		return frame.Span{Body: st.Pos + i, Tail: len(d.text)}, 0, nil
	}
	begun := overlap(buf, d.text)
	st.Pos = len(buf) - begun
	return frame.Span{Body: st.Pos}, len(d.text) - begun, nil
}

// overlap returns the length of the longest end of buf that is a start of text,
// but not all of it.
func overlap(buf, text []byte) int {
	for n := min(len(buf), len(text)-1); n > 0; n-- {
		if bytes.HasSuffix(buf, text[:n]) {
			return n
		}
	}
	return 0
}

func (d *delimiter) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(d, dst, msg) }

func (d *delimiter) AppendHead(dst, msg []byte) ([]byte, error) {
	if i := bytes.Index(msg, d.text); i >= 0 {
		return dst, frame.Refuse("it holds the delimiter %q at byte %d", d.text, i)
	}
	// "xa" and the delimiter "aa" make "xaaa", where the first "aa" comes too early.
	for n := 1; n < len(d.text) && n <= len(msg); n++ {
		if bytes.HasSuffix(msg, d.text[:n]) && bytes.HasPrefix(d.text, d.text[n:]) {
			return dst, frame.Refuse("its last bytes %q and the delimiter %q make an earlier delimiter", d.text[:n], d.text)
		}
	}
	return dst, nil
}

func (d *delimiter) AppendTail(dst, _ []byte) []byte { return append(dst, d.text...) }

func (d *delimiter) FrameEnd(buf []byte) (int, bool) {
	if i := bytes.Index(buf, d.text); i >= 0 {
		return i + len(d.text), true
	}
	return len(buf) - overlap(buf, d.text), false
}

// indexStart returns the index in buf of the first text, or of the beginning of
// one that the end of buf cuts off; len(buf) if there is neither.
func indexStart(buf, text []byte) int {
	if i := bytes.Index(buf, text); i >= 0 {
		return i
	}
	return len(buf) - overlap(buf, text)
}
