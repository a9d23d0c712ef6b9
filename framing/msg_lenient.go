package framing

import (
	"github.com/chancat/channel/frame"
)

// lenientMSG reads what the receiver of the original Channel accepts
// (docs/wire.md §a): any two lead bytes, then a line ended by LF, which without
// the white space round it is "MSG", one blank, and a decimal number that may
// have a plus sign and leading zeros. It writes the strict form.
type lenientMSG struct{ msg }

const (
	leadBytes   = 2
	lenientHead = 256 // bytes of a head: white space without end is none
)

func (lenientMSG) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	const word = "MSG "
	i := leadBytes
	skipBlanks := func() {
		for i < len(buf) && i < lenientHead && lenientBlank(buf[i]) {
			i++
		}
	}
	skipBlanks()
	for k := 0; k < len(word); k++ {
		if i >= len(buf) {
			return frame.Span{}, max(i-len(buf), 0) + len(word) - k + len("0\n"), nil
		}
		if buf[i] != word[k] {
			return frame.Span{}, 0, frame.Malformed(i, "got %q, want %q", buf[i], word[k])
		}
		i++
	}
	lengthAt := i
	if i < len(buf) && buf[i] == '+' {
		i++
	}
	digits, size := i, 0
	for ; i < len(buf) && buf[i] >= '0' && buf[i] <= '9'; i++ {
		if size = size*10 + int(buf[i]-'0'); size > msgMaxBody {
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i, "length: more than %d digits", msgMaxDigits)
		}
		if i == lenientHead {
			return frame.Span{}, 0, frame.Malformed(i, "no end of the head within %d bytes", lenientHead)
		}
	}
	if i >= len(buf) {
		need := len("\n")
		if i == digits {
			need += len("0")
		}
		return frame.Span{}, need, nil
	}
	if i == digits {
		return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, lengthAt, "length: got %q, want a digit", buf[i])
	}
	skipBlanks()
	switch {
	case i >= len(buf) && i < lenientHead:
		return frame.Span{}, 1, nil
	case i >= lenientHead:
		return frame.Span{}, 0, frame.Malformed(lenientHead, "no end of the head within %d bytes", lenientHead)
	case buf[i] != '\n':
		return frame.Span{}, 0, frame.Malformed(i, "after the length: got %q, want LF", buf[i])
	}
	sp := frame.Span{Head: i + 1, Body: size}
	return sp, max(0, sp.Len()-len(buf)), nil
}

// lenientBlank reports whether c is white space that may stand round the line.
func lenientBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'
}

// LengthOffset finds the first digit or sign behind the word.
func (lenientMSG) LengthOffset(raw []byte) int {
	i := leadBytes
	for lenientBlank(raw[i]) {
		i++
	}
	return i + len("MSG ")
}

// Resync accepts every place: any two bytes can lead a frame.
func (lenientMSG) Resync([]byte) int { return 0 }
