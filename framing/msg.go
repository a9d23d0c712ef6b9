package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// MSG frames a message as CR LF "MSG " length CR LF bytes (docs/spec.md §2). The
// length is in bytes: 1 to 9 ASCII digits, no sign, no leading zero.
var MSG = register(Spec{
	Name:      "msg",
	Doc:       `CR LF "MSG " length CR LF bytes`,
	Options:   "lenient",
	Codec:     msg{},
	Canonical: true,
	parse: func(o *options) (frame.Codec, error) {
		if o.flag("lenient") {
			return lenientMSG{}, nil
		}
		return msg{}, nil
	},
})

type msg struct{}

const msgPrefix = "\r\nMSG "

// Scan reads a right head of up to six digits in the time of few comparisons: there
// are millions a second.
func (msg) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	const first, short = len(msgPrefix), len(msgPrefix) + 6
	if len(buf) >= short+2 && string(buf[:first]) == msgPrefix && buf[first]-'1' < 9 {
		i, size := first+1, int(buf[first]-'0')
		for i < short && buf[i]-'0' <= 9 {
			size = size*10 + int(buf[i]-'0')
			i++
		}
		if buf[i] == '\r' && buf[i+1] == '\n' {
			sp := frame.Span{Head: i + 2, Body: size}
			return sp, max(0, sp.Len()-len(buf)), nil
		}
	}
	return scanMSG(buf)
}

// scanMSG reads any head.
func scanMSG(buf []byte) (frame.Span, int, error) {
	if len(buf) < len(msgPrefix) || string(buf[:len(msgPrefix)]) != msgPrefix {
		for i := range min(len(buf), len(msgPrefix)) {
			if buf[i] != msgPrefix[i] {
				return frame.Span{}, 0, frame.Malformed(i, "got %q, want %q", buf[i], msgPrefix[i])
			}
		}
		return frame.Span{}, len(msgPrefix) + 3 - len(buf), nil // with at least a digit, CR, LF
	}
	i, size := len(msgPrefix), 0
	for i < len(buf) && buf[i]-'0' <= 9 && i < len(msgPrefix)+maxDigits {
		size = size*10 + int(buf[i]-'0')
		i++
	}
	switch digits := i - len(msgPrefix); {
	case digits > 1 && buf[len(msgPrefix)] == '0':
		return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, len(msgPrefix), "length: leading zero")
	case i == len(buf) && digits == 0:
		return frame.Span{}, 3, nil
	case i == len(buf):
		return frame.Span{}, 2, nil
	case buf[i] == '\n' && digits > 0:
		return frame.Span{}, 0, frame.Broken(frame.CauseLineEnding, i, "got LF without CR after the length")
	case buf[i]-'0' <= 9:
		return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: more than %d digits", maxDigits)
	case buf[i] != '\r':
		return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q, want a digit", buf[i])
	case digits == 0:
		return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: no digits")
	case i+1 == len(buf):
		return frame.Span{}, 1, nil
	case buf[i+1] != '\n':
		return frame.Span{}, 0, frame.Broken(frame.CauseLineEnding, i+1, "got %q after CR, want LF", buf[i+1])
	}
	sp := frame.Span{Head: i + 2, Body: size}
	return sp, max(0, sp.Len()-len(buf)), nil
}

func (m msg) AppendFrame(dst, message []byte) ([]byte, error) {
	dst, err := m.AppendHead(dst, message)
	if err != nil {
		return dst, err
	}
	return append(dst, message...), nil
}

func (msg) AppendHead(dst, message []byte) ([]byte, error) {
	if len(message) > maxCounted {
		return dst, frame.Refuse("%d bytes, a length has at most %d digits", len(message), maxDigits)
	}
	dst = append(dst, msgPrefix...)
	dst = appendLength(dst, len(message))
	return append(dst, '\r', '\n'), nil
}

func (msg) AppendTail(dst, _ []byte) []byte { return dst }

func (msg) LengthOffset([]byte) int { return len(msgPrefix) }

// Resync finds the lead and the word of a frame.
func (msg) Resync(buf []byte) int {
	for i := 0; i < len(buf); i++ {
		next := bytes.IndexByte(buf[i:], '\r')
		if next < 0 {
			return len(buf)
		}
		i += next
		n := min(len(buf)-i, len(msgPrefix))
		if string(buf[i:i+n]) == msgPrefix[:n] {
			return i
		}
	}
	return len(buf)
}
