package framing

import (
	"math"

	"github.com/chancat/channel/frame"
)

// Bgpy frames a message as its length in decimal, padded with blanks to 16 bytes,
// and that many bytes (docs/wire.md §e). What bgpy sends in it is base64 text,
// which is delivered as it stands.
var Bgpy = register(Spec{
	Name:      "bgpy",
	Doc:       "length in decimal, left-justified in 16 bytes, that many bytes (base64 text)",
	Codec:     bgpy{},
	Canonical: true,
})

type bgpy struct{}

const bgpyHead = 16 // bytes

func (bgpy) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	var size uint64 // of at most 16 digits, so below 2^54
	blank := false
	for i, c := range buf[:min(len(buf), bgpyHead)] {
		switch digit := '0' <= c && c <= '9'; {
		case c == ' ' && i > 0:
			blank = true
		case !digit && i == 0:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q, want a digit", c)
		case !digit:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q, want a digit or a blank", c)
		case blank:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q behind a blank", c)
		case i > 0 && size == 0:
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, 0, "length: leading zero")
		default:
			size = size*10 + uint64(c-'0')
		}
	}
	if len(buf) < bgpyHead {
		return frame.Span{}, bgpyHead - len(buf), nil
	}
	if size > math.MaxInt-bgpyHead {
		return frame.Span{}, 0, frame.TooLarge(0, size)
	}
	sp := frame.Span{Head: bgpyHead, Body: int(size)}
	return sp, max(0, sp.Len()-len(buf)), nil
}

func (b bgpy) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(b, dst, msg) }

func (bgpy) AppendHead(dst, msg []byte) ([]byte, error) {
	if uint64(len(msg)) > 9_999_999_999_999_999 {
		return dst, frame.Refuse("%d bytes, a length has at most %d digits", len(msg), bgpyHead)
	}
	end := len(dst) + bgpyHead
	dst = appendLength(dst, len(msg))
	for len(dst) < end {
		dst = append(dst, ' ')
	}
	return dst, nil
}

func (bgpy) AppendTail(dst, _ []byte) []byte { return dst }

func (bgpy) LengthOffset([]byte) int { return 0 }
