package detect

import "unicode/utf8"

// passText returns the index behind n characters of UTF-8 that start at data[pos:],
// or of n UTF-16 units with utf16; -1 if data ends before, or holds other bytes.
func passText(data []byte, pos, n int, utf16 bool) int {
	for n > 0 {
		if pos >= len(data) {
			return -1
		}
		if data[pos] < utf8.RuneSelf {
			pos++
			n--
			continue
		}
		r, size := utf8.DecodeRune(data[pos:])
		if r == utf8.RuneError && size == 1 {
			return -1
		}
		if n--; utf16 && r > 0xffff {
			n--
		}
		pos += size
	}
	if n < 0 {
		return -1
	}
	return pos
}

// textual reports whether b is text without control characters but white space.
func textual(b []byte) bool {
	for _, c := range b {
		if control(c) {
			return false
		}
	}
	return utf8.Valid(b)
}

// textUpTo is how many bytes at the start of b are textual.
func textUpTo(b []byte) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 || control(b[n]) {
			break
		}
		n += size
	}
	return n
}

func control(c byte) bool {
	return c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0x1b || c == 0x7f
}
