package mutate

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/chancat/channel/frame"
)

// A Layout says what the bytes of one frame are for. Where the framing counts a
// whole command as the message (resp, nats, memcached), head is the control line
// and body the block that it counts.
type Layout struct {
	Head, Body, Tail int // bytes, in the order of the stream

	// The length that the head declares stands in Length bytes from LengthAt on;
	// Length is 0 where none is declared.
	LengthAt, Length int

	field field
}

// LayoutOf returns the layout of f, a whole frame of c.
func LayoutOf(f frame.Frame, c frame.Codec) Layout {
	l := Layout{Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail}
	locator, declares := c.(frame.LengthLocator)
	switch {
	case declares && l.Head > 0:
		if at := locator.LengthOffset(f.Raw); at >= 0 && at < l.Head {
			l.declare(at, findField(f, c, at))
		}
	case l.Head > 0:
	case declares && l.countedAt(f.Raw, locator.LengthOffset(f.Raw)):
	case l.countedAnywhere(f.Raw):
	case l.prefixed(f.Raw):
	default:
		text := bytes.TrimRight(f.Raw, "\r\n\x00")
		if l.Tail == 0 && len(text) > 0 {
			l.Body, l.Tail = len(text), len(f.Raw)-len(text)
		}
	}
	return l
}

func (l *Layout) declare(at int, f field) {
	f.size = min(f.size, l.Head-at) // an opening may have a shorter head than other frames
	l.LengthAt, l.Length, l.field = at, f.size, f
}

// countedAt takes the digits at raw[at:] for the length of a block behind the line,
// if they are.
func (l *Layout) countedAt(raw []byte, at int) bool {
	if at <= 0 || at >= len(raw) {
		return false
	}
	d := digits(raw[at:])
	line := bytes.Index(raw[at:], []byte("\r\n"))
	n, err := strconv.Atoi(string(raw[at : at+d]))
	if d == 0 || line < 0 || err != nil {
		return false
	}
	start := at + line + len("\r\n")
	if n > len(raw)-start || !bytes.Equal(raw[start+n:], []byte("\r\n")) {
		return false
	}
	l.Head, l.Body, l.Tail = start, n, len("\r\n")
	l.declare(at, field{size: d, text: true})
	return true
}

// countedAnywhere finds the last number that ends a line and counts a block which
// ends the frame, as a bulk string of resp does.
func (l *Layout) countedAnywhere(raw []byte) bool {
	for end := len(raw); ; {
		if end = bytes.LastIndex(raw[:end], []byte("\r\n")); end < 0 {
			return false
		}
		at := end
		for at > 0 && digits(raw[at-1:at]) > 0 {
			at--
		}
		if at < end && l.countedAt(raw, at) {
			return true
		}
	}
}

// prefixed finds a 4-byte length at the start of a frame that has no head, as a
// record of fastdaemon does.
func (l *Layout) prefixed(raw []byte) bool {
	const width = 4
	if len(raw) < 2*width || raw[0] != 0 || int64(binary.BigEndian.Uint32(raw)) > int64(len(raw)-2*width) {
		return false
	}
	l.Head, l.Body, l.Tail = width, len(raw)-width, 0
	l.declare(0, field{size: width})
	return true
}

// Part names the part of raw, a frame with this layout, in which a cut before byte
// i lies.
func (l Layout) Part(raw []byte, i int) string {
	switch end := l.Head + l.Body; {
	case i < l.Head:
		return l.headPart(raw, i)
	case i == l.Head && l.Head > 0:
		return "between header and body"
	case i < end:
		return "body"
	case i == end:
		return "between body and tail"
	case bytes.ContainsAny(raw[end:], "\r\n"):
		return "line end"
	}
	return "tail"
}

func (l Layout) headPart(raw []byte, i int) string {
	within := i > l.LengthAt && i < l.LengthAt+l.Length
	switch {
	case within && l.field.text:
		return "digits"
	case within:
		return "length"
	case raw[i-1] == '\r' && raw[i] == '\n':
		return "line end"
	}
	return "header"
}

// Text reports whether the length is declared in decimal or hexadecimal digits.
func (l Layout) Text() bool { return l.Length > 0 && l.field.text }
