package framing

import (
	"math"

	"github.com/chancat/channel/frame"
)

const maxHead = 64 << 10 // bytes of a head that is text, and of a control line

// Bounds of a body counted in decimal, which keep it inside a 32-bit int.
const (
	maxDigits  = 9
	maxCounted = 999_999_999 // bytes
)

// textLine examines text[from:], where text begins at offset at of the frame, for
// CR LF. It returns the length of the line without them, or -1 while they are to
// come.
func textLine(buf []byte, at, from int) (n int, err error) {
	for i := from; i < len(buf); i++ {
		switch c := buf[i]; {
		case c == '\r' && i+1 == len(buf):
			return -1, nil
		case c == '\r' && buf[i+1] == '\n':
			return i - at, nil
		case c == '\r':
			return 0, frame.Broken(frame.CauseLineEnding, i+1, "got %q after CR, want LF", buf[i+1])
		case c == '\n':
			return 0, frame.Broken(frame.CauseLineEnding, i, "a line ends in LF alone, want CR LF")
		case c < ' ' && c != '\t' || c == 0x7f:
			return 0, unexpected(buf, i, "text")
		case i == maxHead:
			return 0, frame.Malformed(i, "no end of line within %d bytes", maxHead)
		}
	}
	return -1, nil
}

// resume returns where textLine goes on after it has returned -1.
func resume(buf []byte) int {
	if n := len(buf); n > 0 && buf[n-1] == '\r' {
		return n - 1
	}
	return len(buf)
}

// count reads the decimal number that is digits, which stands at offset at of the
// frame.
func count(digits []byte, at int, what string) (int, error) {
	if len(digits) == 0 {
		return 0, frame.Broken(frame.CauseBadDigits, at, "%s: no digits", what)
	}
	n := uint64(0)
	for i, c := range digits {
		if c < '0' || c > '9' {
			return 0, frame.Broken(frame.CauseBadDigits, at+i, "%s: got %q, want a digit", what, c)
		}
		if n < math.MaxUint64/10-1 {
			n = n*10 + uint64(c-'0')
		}
	}
	if n > maxCounted {
		return 0, frame.TooLarge(at, n)
	}
	return int(n), nil
}

// A word is a part of a line between blanks.
type word struct{ start, end int }

// words splits the line into words, at most as many as into holds; the last has
// the rest. It returns how many there are.
func words(line []byte, into []word) int {
	n := 0
	for i := 0; ; {
		for i < len(line) && blank(line[i]) {
			i++
		}
		if i == len(line) {
			return n
		}
		w := word{i, i}
		for w.end < len(line) && !blank(line[w.end]) {
			w.end++
		}
		if n == len(into) {
			into[n-1].end = len(line)
			return n
		}
		into[n] = w
		n++
		i = w.end
	}
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// unexpected reports that buf[i] cannot stand there. What the bytes up to it look
// like is the cause if that is another protocol.
func unexpected(buf []byte, i int, want string) error {
	for _, p := range protocols {
		if string(buf[:i+1]) == p.start {
			return frame.Broken(frame.CauseWrongProtocol, i, "got %q, want %s; this looks like %s", buf[i], want, p.name)
		}
	}
	return frame.Malformed(i, "got %q, want %s", buf[i], want)
}

// protocols are other streams by how they begin, up to the first byte that a head
// of text cannot hold.
var protocols = []struct{ start, name string }{
	{"\x16", "TLS"},
	{"HTTP/", "an HTTP response"},
	{"GET ", "an HTTP request"},
	{"POST ", "an HTTP request"},
	{"PUT ", "an HTTP request"},
	{"HEAD ", "an HTTP request"},
	{"DELETE ", "an HTTP request"},
	{"OPTIONS ", "an HTTP request"},
	{"CONNECT ", "an HTTP request"},
	{"PRI ", "HTTP/2"},
	{"{", "bare JSON (-f json, or -f line for one value a line)"},
	{"[", "bare JSON (-f json, or -f line for one value a line)"},
}
