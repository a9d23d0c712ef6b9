package view

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/chancat/channel/internal/text/escape"
)

// The binary views write one notation, which is JSON with what JSON lacks: keys
// of any kind, b"\x00" for bytes, tuples, calls like ext(5, b""). It is made on
// one line and then spread over lines.

const (
	notationDepth = 1000 // levels of nesting that a binary view follows
	notationWidth = 72   // columns: a container of at most that many stays on one line
)

// appendBytes appends b as b"…", with all but printable ASCII as \xNN.
func appendBytes[T string | []byte](dst []byte, b T) []byte {
	dst = append(dst, 'b', '"')
	for i := range len(b) {
		switch c := b[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c > '~':
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// appendString appends s as a JSON string or, where it is not UTF-8, as bytes.
func appendString(dst, s []byte) []byte {
	if !utf8.Valid(s) {
		return appendBytes(dst, s)
	}
	return escape.AppendJSONString(dst, s)
}

// appendFloat appends v as RFC 8949 section 8 does: always with a point, so that
// it is no integer.
func appendFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	start := len(dst)
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		dst = strconv.AppendFloat(dst, v, 'e', -1, bits)
		exponent := bytes.IndexByte(dst[start:], 'e') + start
		digits := string(bytes.TrimLeft(dst[exponent+2:], "0"))
		sign := dst[exponent+1]
		dst = appendPoint(dst[:exponent], start)
		return append(append(dst, 'e', sign), digits...)
	}
	return appendPoint(strconv.AppendFloat(dst, v, 'f', -1, bits), start)
}

func appendPoint(dst []byte, start int) []byte {
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// spread appends a line of notation with its containers spread over lines, down
// to a depth of jsonDepth. What fits on a line stays there.
func spread(dst, line []byte) []byte {
	dst = slices.Grow(dst, 2*len(line))
	var open []byte // the brackets around line[i:], as '{' where lines are broken and '(' where not
	level := 0      // how many of them break lines
	for i := 0; i < len(line); {
		c := line[i]
		n := 1
		switch c {
		case '"':
			n = tokenLength(line[i:])
		case '{', '[', '(':
			if n = fits(line[i:]); n > 0 {
				break
			}
			n = 1
			if c == '(' || level == jsonDepth {
				open = append(open, '(')
				break
			}
			open = append(open, '{')
			level++
			dst = breakLine(append(dst, c), level, jsonDepth)
			i++
			continue
		case '}', ']', ')':
			if open[len(open)-1] == '{' {
				level--
				dst = breakLine(dst, level, jsonDepth)
			}
			open = open[:len(open)-1]
		case ',':
			if len(open) > 0 && open[len(open)-1] == '{' && i+1 < len(line) && line[i+1] == ' ' {
				dst = breakLine(append(dst, ','), level, jsonDepth)
				i += len(", ")
				continue
			}
		}
		dst = append(dst, line[i:i+n]...)
		i += n
	}
	return dst
}

// fits returns the length of the container at the start of line if that is short
// enough to stay on a line, else 0.
func fits(line []byte) int {
	line = line[:min(len(line), notationWidth)]
	depth := 0
	for i, quoted := 0, false; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[' || c == '(':
			depth++
		case c == '}' || c == ']' || c == ')':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// otherwise shows a body that is not of the kind that was asked for.
func otherwise(dst, body []byte) []byte {
	if isText(body) {
		return Text(dst, body)
	}
	return Hex(dst, body)
}

// A walker reads the values of a binary format from in and writes them as
// notation. A length is believed when the bytes are there.
type walker struct {
	in  []byte // what is not yet read
	out []byte
	bad bool // in is not of the format; what comes out then is void
}

// take returns the next n bytes; none, and w is bad, where there are fewer.
func (w *walker) take(n uint64) []byte {
	if n > uint64(len(w.in)) {
		w.bad = true
		w.in = nil
		return nil
	}
	b := w.in[:n]
	w.in = w.in[n:]
	return b
}

// number reads a big-endian number of size bytes.
func (w *walker) number(size int) (v uint64) {
	for _, c := range w.take(uint64(size)) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (w *walker) text(s string) { w.out = append(w.out, s...) }

func (w *walker) uint(v uint64) { w.out = strconv.AppendUint(w.out, v, 10) }

func (w *walker) int(v int64) { w.out = strconv.AppendInt(w.out, v, 10) }

// items writes n items of a container, or n pairs of them. Each is at least one
// byte, so a count beyond the input costs nothing.
func (w *walker) items(n uint64, pairs bool, value func(depth int), depth int) {
	for i := uint64(0); i < n && !w.bad; i++ {
		if i > 0 {
			w.text(", ")
		}
		value(depth - 1)
		if pairs {
			w.text(": ")
			value(depth - 1)
		}
	}
}

// show appends what walk makes of body, if that is one value and nothing else.
func show(dst, body []byte, walk func(w *walker)) []byte {
	w := walker{in: body}
	walk(&w)
	if w.bad || len(w.in) > 0 {
		return otherwise(dst, body)
	}
	return spread(dst, w.out)
}
