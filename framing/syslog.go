package framing

import (
	"github.com/chancat/channel/frame"
)

// Syslog frames a message as its length, a blank and that many bytes: the octet
// counting of RFC 6587. The length is 1 to 9 ASCII digits without a leading zero,
// so that an empty message has no frame.
var Syslog = register(Spec{
	Name:      "syslog",
	Doc:       "length in decimal, a blank, that many bytes (RFC 6587)",
	Codec:     syslog{},
	Canonical: true,
})

type syslog struct{}

func (syslog) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	i, size := 0, 0
	for ; i < len(buf) && buf[i] != ' '; i++ {
		switch c := buf[i]; {
		case c == '<' && i == 0:
			return frame.Span{}, 0, frame.Malformed(i, "length: got '<', want a digit; a sender that ends each message with LF is read by -f line")
		case c < '0' || c > '9':
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q, want a digit or ' '", c)
		case c == '0' && i == 0:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: leading zero")
		case i == maxDigits:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: more than %d digits", maxDigits)
		default:
			size = size*10 + int(c-'0')
		}
	}
	if i == len(buf) {
		return frame.Span{}, max(len("1 ")-len(buf), len(" ")), nil
	}
	if i == 0 {
		return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, 0, "length: no digits before ' '")
	}
	sp := frame.Span{Head: i + 1, Body: size}
	return sp, max(0, sp.Len()-len(buf)), nil
}

func (s syslog) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(s, dst, msg) }

func (syslog) AppendHead(dst, msg []byte) ([]byte, error) {
	switch {
	case len(msg) == 0:
		return dst, frame.Refuse("it is empty, and a length begins with 1 to 9")
	case len(msg) > maxCounted:
		return dst, frame.Refuse("%d bytes, a length has at most %d digits", len(msg), maxDigits)
	}
	dst = appendLength(dst, len(msg))
	return append(dst, ' '), nil
}

func (syslog) AppendTail(dst, _ []byte) []byte { return dst }

func (syslog) LengthOffset([]byte) int { return 0 }

func (syslog) Resync(buf []byte) int { return resyncDigits(buf, ' ') }
