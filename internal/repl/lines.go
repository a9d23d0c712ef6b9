package repl

import (
	"bytes"
	"fmt"
)

// textMost bounds one message on the screen, in bytes.
const textMost = 1 << 20

// wholeLines copies p and ends it with a line end. What is too long for a screen
// is cut, and reset put before the word of that.
func wholeLines(p []byte, reset string) []byte {
	rest := 0
	if len(p) > textMost {
		p, rest = p[:textMost], len(p)-textMost
		for len(p) > 0 && p[len(p)-1]&0xc0 == 0x80 { // not in the middle of a character
			p, rest = p[:len(p)-1], rest+1
		}
		if len(p) > 0 && p[len(p)-1] >= 0xc0 {
			p, rest = p[:len(p)-1], rest+1
		}
	}
	text := make([]byte, 0, len(p)+1)
	text = append(text, p...)
	if rest > 0 {
		text = fmt.Appendf(text, "%s\n(%d bytes more)", reset, rest)
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	return text
}
