package framing

import (
	"bytes"
	"strings"

	"github.com/chancat/channel/frame"
)

// A vocabulary is the words with which the lines of a protocol begin. One that ends
// in = needs no blank behind it.
type vocabulary struct {
	words []string
	fold  bool   // in any case
	what  string // what such a word is called
}

// find returns the word at buf[from:]; empty while it is incomplete. The error is
// at the first byte that no word has there.
func (v *vocabulary) find(buf []byte, from int) (string, error) {
	for i := from; i < len(buf); i++ {
		if v.begins(buf[from : i+1]) {
			if word := v.match(buf[from : i+1]); strings.HasSuffix(word, "=") {
				return word, nil
			}
			continue
		}
		word := v.match(buf[from:i])
		if c := buf[i]; word == "" || !blank(c) && c != '\r' && c != '\n' {
			return "", unexpected(buf, i, v.what)
		}
		return word, nil
	}
	return "", nil
}

// begins reports whether a word starts with text.
func (v *vocabulary) begins(text []byte) bool {
	for _, w := range v.words {
		if len(w) >= len(text) && v.equal(text, w[:len(text)]) {
			return true
		}
	}
	return false
}

// match returns the word that text is, or nothing.
func (v *vocabulary) match(text []byte) string {
	for _, w := range v.words {
		if len(w) == len(text) && v.equal(text, w) {
			return w
		}
	}
	return ""
}

func (v *vocabulary) equal(text []byte, word string) bool {
	return string(text) == word || v.fold && bytes.EqualFold(text, []byte(word))
}

// noBlock is the size of a block that a command does not have.
const noBlock = -1

// scanCommand looks for a line that begins with a word of v, and the block of bytes
// with its own CR LF which it may count. block returns the size of that block and
// where in the line it stands.
//
// In a State, Pos is what was examined of the line, Pending the length of the
// frame once the line is whole.
func scanCommand(buf []byte, st *frame.State, v *vocabulary, block func(word string, line []byte) (size, at int, err error)) (frame.Span, int, error) {
	if st.Pending == 0 {
		word, err := v.find(buf, 0)
		if err != nil {
			return frame.Span{}, 0, err
		}
		n, err := textLine(buf, 0, st.Pos)
		if err != nil {
			return frame.Span{}, 0, err
		}
		if n < 0 {
			st.Pos = resume(buf)
			return frame.Span{}, 1, nil
		}
		size, _, err := block(word, buf[:n])
		if err != nil {
			return frame.Span{}, 0, err
		}
		st.Pending = n + len("\r\n")
		if size != noBlock {
			st.Pending += size + len("\r\n")
		}
	}
	sp := frame.Span{Body: st.Pending}
	if _, err := expect(buf, st.Pending-len("\r\n"), "\r\n"); err != nil {
		return frame.Span{}, 0, err
	}
	return sp, max(0, sp.Len()-len(buf)), nil
}

// blockOffset returns where in the line at the start of raw its count stands.
func blockOffset(raw []byte, v *vocabulary, block func(word string, line []byte) (size, at int, err error)) int {
	word, _ := v.find(raw, 0)
	line, _, _ := bytes.Cut(raw, []byte("\r\n"))
	_, at, _ := block(word, line)
	return at
}

// expect returns the offset behind word, which must stand at buf[i:], or -1 when
// buf ends before or in it.
func expect(buf []byte, i int, word string) (int, error) {
	for _, want := range []byte(word) {
		switch {
		case i >= len(buf):
			return -1, nil
		case buf[i] == want:
			i++
		case want == '\n' || want == '\r' && buf[i] == '\n':
			return 0, frame.Broken(frame.CauseLineEnding, i, "got %q, want %q", buf[i], want)
		default:
			return 0, frame.Malformed(i, "got %q, want %q", buf[i], want)
		}
	}
	return i, nil
}
