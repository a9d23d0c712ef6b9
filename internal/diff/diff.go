// Package diff tells how two messages differ, for people.
package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	var lines []string
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
			lines = d.lines
			if len(lines) == 0 {
				lines = []string{"the same JSON, written differently"}
			}
		case isText(a) && isText(b):
			lines = lineDiff(splitLines(a), splitLines(b))
		default:
			lines = hexDiff(a, b)
		}
	}
	rest := len(lines) - shown
	for _, line := range lines[:min(len(lines), shown)] {
		dst = append(append(dst, line...), '\n')
	}
	if rest > 0 {
		dst = fmt.Appendf(dst, "and %d more lines\n", rest)
	}
	return dst
}

func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// parseJSON reads an object or array; numbers as they are written.
func parseJSON(b []byte) (any, bool) {
	if !json.Valid(b) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	switch v.(type) {
	case map[string]any, []any:
		return v, true
	}
	return nil, false
}

type jsonDiff struct {
	lines []string
	arrow string
}

func (d *jsonDiff) compare(path string, a, b any, depth int) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok && depth < depthMost {
			d.objects(path, x, y, depth)
			return
		}
	case []any:
		if y, ok := b.([]any); ok && depth < depthMost {
			d.arrays(path, x, y, depth)
			return
		}
	}
	if x, y := compact(a), compact(b); x != y {
		d.tell("~", path, x+" "+d.arrow+" "+y)
	}
}

func (d *jsonDiff) objects(path string, a, b map[string]any, depth int) {
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		x, inA := a[key]
		y, inB := b[key]
		at := path + member(key)
		switch {
		case !inB:
			d.tell("-", at, compact(x))
		case !inA:
			d.tell("+", at, compact(y))
		default:
			d.compare(at, x, y, depth+1)
		}
	}
}

func (d *jsonDiff) arrays(path string, a, b []any, depth int) {
	for i := range max(len(a), len(b)) {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case i >= len(b):
			d.tell("-", at, compact(a[i]))
		case i >= len(a):
			d.tell("+", at, compact(b[i]))
		default:
			d.compare(at, a[i], b[i], depth+1)
		}
	}
}

func (d *jsonDiff) tell(sign, path, what string) {
	d.lines = append(d.lines, sign+" "+printable(path)+"  "+what)
}

// member is the path step to key.
func member(key string) string {
	for i, r := range key {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return "[" + strconv.Quote(key) + "]"
		}
	}
	if key == "" {
		return `[""]`
	}
	return "." + key
}

// compact is a value on one line, cut short.
func compact(v any) string {
	const most = 120
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if len(text) > most {
		text = append(bytes.ToValidUTF8(text[:most], nil), "..."...)
	}
	return string(escape.AppendPrintable(nil, text))
}

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
