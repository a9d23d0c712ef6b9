package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// Netstring frames a message as its length, a colon, that many bytes and a comma:
// "5:hello,". The length is 1 to 9 ASCII digits without a leading zero.
var Netstring = register(Spec{
	Name:      "netstring",
	Doc:       `length in decimal, ":", that many bytes, ","`,
	Codec:     netstring{},
	Canonical: true,
})

type netstring struct{}

func (netstring) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	i, size := 0, 0
	for ; i < len(buf) && buf[i] != ':'; i++ {
		switch c := buf[i]; {
		case c < '0' || c > '9':
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q, want a digit or ':'", c)
		case i == 1 && size == 0:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, 0, "length: leading zero")
		case i == maxDigits:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: more than %d digits", maxDigits)
		default:
			size = size*10 + int(c-'0')
		}
	}
	if i == len(buf) {
		return frame.Span{}, max(len("0:,")-len(buf), len(":,")), nil
	}
	if i == 0 {
		return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, 0, "length: no digits before ':'")
	}
	sp := frame.Span{Head: i + 1, Body: size, Tail: 1}
	if len(buf) < sp.Len() {
		return sp, sp.Len() - len(buf), nil
	}
	if c := buf[sp.Len()-1]; c != ',' {
		return frame.Span{}, 0, frame.Malformed(sp.Len()-1, "after the %d bytes of the body: got %q, want ','", size, c)
	}
	return sp, 0, nil
}

func (n netstring) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(n, dst, msg) }

func (netstring) AppendHead(dst, msg []byte) ([]byte, error) {
	if len(msg) > maxCounted {
		return dst, frame.Refuse("%d bytes, a length has at most %d digits", len(msg), maxDigits)
	}
	dst = appendLength(dst, len(msg))
	return append(dst, ':'), nil
}

func (netstring) AppendTail(dst, _ []byte) []byte { return append(dst, ',') }

func (netstring) LengthOffset([]byte) int { return 0 }

func (netstring) Resync(buf []byte) int { return resyncDigits(buf, ':') }

// resyncDigits finds digits that the byte after, or the end of buf, follows.
func resyncDigits(buf []byte, after byte) int {
	for i := 0; i < len(buf); {
		end := len(buf)
		if next := bytes.IndexByte(buf[i:], after); next >= 0 {
			end = i + next
		}
		start := end
		for start > i && end-start < maxDigits && '0' <= buf[start-1] && buf[start-1] <= '9' {
			start--
		}
		for start < end-1 && buf[start] == '0' {
			start++
		}
		if start < end {
			return start
		}
		i = end + 1
	}
	return len(buf)
}
