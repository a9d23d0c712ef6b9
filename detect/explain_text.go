package detect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// passText returns the index behind n characters of UTF-8 that start at data[pos:],
// or of n UTF-16 units with utf16; -1 if data ends before, or holds other bytes.
func passText(data []byte, pos, n int, utf16 bool) int {
	if n > len(data)-pos {
		return -1 // neither is shorter than a byte
	}
	for n > 0 {
		if pos >= len(data) {
			return -1
		}
		if n >= 8 && pos+8 <= len(data) && binary.LittleEndian.Uint64(data[pos:])&0x8080808080808080 == 0 {
			pos, n = pos+8, n-8
			continue
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

// wordLeast is the text that is no coincidence in bytes that are none.
const wordLeast = 3

// textBehind explains text at the end of the stream, behind frames that begin
// otherwise: the last words of a program. Where any byte may begin a frame, the text may
// have been taken for frames before decoding stuck.
func (e *examination) textBehind() {
	if e.stuck >= len(e.data) {
		return
	}
	e.textFrom(e.stuck, e.frames)
	if e.chain == nil || e.chain.bits >= weakBits {
		return
	}
	for i := len(e.starts) - 1; i >= max(0, len(e.starts)-textFrames); i-- {
		start := e.starts[i]
		if start < e.chain.lo || !textual(e.data[start:min(len(e.data), start+textMost)]) {
			return
		}
		e.textFrom(start, e.frames-len(e.starts)+i)
	}
}

const (
	textFrames = 16       // that are made of text at most
	textMost   = 64 << 10 // bytes of it
)

// textFrom judges the text that begins at start, behind so many good frames.
func (e *examination) textFrom(start, before int) {
	text := e.data[start:]
	if before == 0 || len(text) < wordLeast || text[len(text)-1] != '\n' && !e.binary() || !textual(text[:min(len(text), textMost)]) {
		return
	}
	bits := -2.0
	if len(text) <= e.fieldEnd() || text[len(text)-1] != '\n' {
		bits -= 3
	}
	switch {
	case start == e.stuck && e.noHead(text):
	case !e.binary() || e.chain == nil || e.chain.like == nil:
		return
	default:
		bits += e.chain.textBits(text) - 6
		if text[len(text)-1] == '\n' {
			bits += e.lineBits(text)
		}
	}
	e.add(Explanation{
		Cause:  CauseForeignBytes,
		Detail: fmt.Sprintf("%s to no frame: %s", belonging(len(text)), excerpt(text)),
		Repair: "find out what else writes to this stream: a log line on stdout, say",
	}, start, before, e.base(before)+bits)
}

// textBits is the evidence in that text stands where bodies are none.
func (c *chains) textBits(text []byte) float64 {
	const counted, most = 32, 16
	if c.like == nil {
		return 0
	}
	return min(most, float64(min(len(text), counted))*c.like.plain)
}

// noHead reports whether no frame of this stream begins like text.
func (e *examination) noHead(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	switch e.name {
	case "msg":
		return text[0] != '\r'
	case "lsp":
		return !bytes.HasPrefix(bytes.ToLower(line), []byte("content-"))
	case "netstring", "syslog", "bgpy":
		return text[0] < '0' || text[0] > '9'
	case "resp":
		seen, kinds := e.startsSeen()
		return kinds <= 2 && !seen[text[0]]
	case "chunked":
		return strings.Trim(string(bytes.TrimRight(line, "\r")), "0123456789abcdefABCDEF") != ""
	}
	return e.binary() && e.strange(e.stuck)
}

// binary reports whether the length is a binary number.
func (e *examination) binary() bool { return e.width > 0 || e.fieldWidth() > 0 || e.based() }

// fieldEnd is where the length field ends in a frame.
func (e *examination) fieldEnd() int {
	l, ok := e.layout()
	if !ok {
		return max(e.fieldWidth(), 1)
	}
	return l.at + max(l.width, 1)
}

// strange reports whether what stands where a length belongs, in the frame at pos, is
// text, which in no good frame it is.
func (e *examination) strange(pos int) bool {
	if !e.binary() {
		return false
	}
	end := min(e.fieldEnd(), len(e.data)-pos)
	if !textual(e.data[pos:pos+end]) || end < 2 {
		return false
	}
	for _, start := range e.starts[max(0, len(e.starts)-64):] {
		if textual(e.data[start:min(len(e.data), start+end)]) {
			return false
		}
	}
	return len(e.starts) > 0
}
