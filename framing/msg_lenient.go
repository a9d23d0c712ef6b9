package framing

import "github.com/chancat/channel/frame"

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
	sp, need, err := scanLenientHead(buf[:min(len(buf), lenientHead)])
	switch {
	case err != nil:
		return frame.Span{}, 0, err
	case need == 0:
		return sp, max(0, sp.Len()-len(buf)), nil
	case len(buf) >= lenientHead:
		return frame.Span{}, 0, frame.Malformed(lenientHead, "no end of the head within %d bytes", lenientHead)
	}
	return frame.Span{}, need, nil
}

// scanLenientHead divides the frame that starts with buf; need is what its head
// lacks.
func scanLenientHead(buf []byte) (sp frame.Span, need int, err error) {
	const word = "MSG "
	i := leadBytes
	skipBlanks := func() {
		for i < len(buf) && lenientBlank(buf[i]) {
			i++
		}
	}
	skipBlanks()
	for k := 0; k < len(word); k++ {
		if i >= len(buf) {
			return sp, i - len(buf) + len(word) - k + len("0\n"), nil
		}
		if buf[i] != word[k] {
			return sp, 0, frame.Malformed(i, "got %q, want %q", buf[i], word[k])
		}
		i++
	}
	if i < len(buf) && buf[i] == '+' {
		i++
	}
	digits, size := i, int64(0) // a tenth digit would not fit 32 bits
	for ; i < len(buf) && buf[i] >= '0' && buf[i] <= '9'; i++ {
		if size = size*10 + int64(buf[i]-'0'); size > maxCounted {
			return sp, 0, frame.Broken(frame.CauseBadDigits, i, "length: more than %d digits", maxDigits)
		}
	}
	if i == digits {
		if i == len(buf) {
			return sp, len("0\n"), nil
		}
		return sp, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q, want a digit", buf[i])
	}
	skipBlanks()
	if i == len(buf) {
		return sp, len("\n"), nil
	}
	if buf[i] != '\n' {
		return sp, 0, frame.Malformed(i, "after the length: got %q, want LF", buf[i])
	}
	return frame.Span{Head: i + 1, Body: int(size)}, 0, nil
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
