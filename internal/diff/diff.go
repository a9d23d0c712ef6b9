// Package diff tells how two messages differ, for people.
package diff

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chancat/channel/internal/text/escape"
	"github.com/chancat/channel/view"
)

const (
	shown         = 200     // lines of differences
	structureMost = 4 << 20 // bytes of a message that is compared by structure
	depthMost     = 100     // of JSON
)

// Append appends how b differs from a: by value where both are JSON, by line
// where both are text, otherwise by byte. Each line ends with LF, is safe for a
// terminal and, with ascii set, has no arrow that is not ASCII.
func Append(dst, a, b []byte, ascii bool) []byte {
	var (
		lines []string
		more  int // lines that were not made
	)
	switch {
	case len(a) > structureMost || len(b) > structureMost:
		lines = hexDiff(a, b)
	default:
		va, okA := parseJSON(a)
		vb, okB := parseJSON(b)
		switch {
		case okA && okB:
			d := jsonDiff{arrow: "→"}
			if ascii {
				d.arrow = "->"
			}
			d.compare("$", va, vb, 0)
			lines, more = d.lines, d.more
			if len(lines) == 0 {
				lines = []string{"the same JSON, written differently"}
			}
		case isText(a) && isText(b):
			lines = lineDiff(splitLines(a), splitLines(b))
		default:
			lines = hexDiff(a, b)
		}
	}
	rest := len(lines) - shown + more
	for _, line := range lines[:min(len(lines), shown)] {
		dst = append(append(dst, line...), '\n')
	}
	if rest > 0 {
		dst = fmt.Appendf(dst, "and %d more lines\n", rest)
	}
	return dst
}

func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

func splitLines(b []byte) []string { return strings.SplitAfter(string(b), "\n") }

// lineDiff marks the lines that only a has with -, those that only b has with +.
func lineDiff(a, b []string) []string {
	var same int
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	a, b = a[same:], b[same:]
	end := 0
	for end < len(a) && end < len(b) && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	a, b = a[:len(a)-end], b[:len(b)-end]
	var out []string
	mark := func(sign, line string) {
		if line != "" {
			out = append(out, sign+" "+printable(line))
		}
	}
	i, j := 0, 0
	for _, pair := range append(Common(len(a), len(b), func(i, j int) bool { return a[i] == b[j] }), [2]int{len(a), len(b)}) {
		for ; i < pair[0]; i++ {
			mark("-", a[i])
		}
		for ; j < pair[1]; j++ {
			mark("+", b[j])
		}
		i, j = i+1, j+1
	}
	return out
}

// hexDiff compares lines of 16 bytes at the same offsets.
func hexDiff(a, b []byte) []string {
	const width = 16
	var out []string
	for at := 0; at < max(len(a), len(b)) && len(out) <= shown; at += width {
		x, y := part(a, at, width), part(b, at, width)
		if bytes.Equal(x, y) {
			continue
		}
		for _, side := range []struct {
			sign  string
			bytes []byte
		}{{"-", x}, {"+", y}} {
			if len(side.bytes) > 0 {
				// The view counts from 0, so the offset is written here.
				dump := view.AppendHex(nil, side.bytes, width)
				out = append(out, fmt.Sprintf("%s %08x%s", side.sign, at, dump[8:]))
			}
		}
	}
	return out
}

func part(b []byte, at, n int) []byte {
	if at >= len(b) {
		return nil
	}
	return b[at:min(len(b), at+n)]
}

// Offset returns the index of the first byte in which a and b differ, -1 where they
// do not.
func Offset(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return n
}

func printable(text string) string { return string(escape.AppendPrintable(nil, []byte(text))) }
