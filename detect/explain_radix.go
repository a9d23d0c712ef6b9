package detect

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/chancat/channel/frame"
)

// hexadecimals tries lengths in hexadecimal where decimal is meant: some of them look
// right, and are not.
func (e *examination) hexadecimals() {
	if e.name == "resp" || e.name == "chunked" || e.binary() || e.place.Offset > 0 {
		return
	}
	pos, frames, first, before, odd := 0, 0, -1, 0, 0
	word, value := "", 0
	for pos < len(e.data) && frames < 1<<16 {
		from, to, ok := e.lengthAt(pos)
		if !ok {
			break
		}
		digits := string(e.data[from:to])
		n, err := strconv.ParseUint(digits, 16, 31)
		if err != nil || int(n) > e.max {
			break
		}
		size, ok := e.sized(pos, from, to, int(n))
		if !ok {
			break
		}
		if digits != strconv.Itoa(int(n)) {
			if odd++; first < 0 {
				first, before, word, value = pos, frames, digits, int(n)
			}
		}
		frames++
		pos += size
	}
	if odd == 0 || pos < len(e.data) && frames <= e.frames+1 {
		return
	}
	e.add(Explanation{
		Cause:  frame.CauseBadDigits,
		Detail: fmt.Sprintf("the lengths are written in hexadecimal, and read as decimal: %q is meant as %d (%s)", word, value, howMany(odd, frames)),
		Repair: fmt.Sprintf("write them in decimal: %d", value),
		Then:   frames - before,
	}, first, before, e.digitBits(frames, pos)-2)
}

// lengthAt finds the digits of the length in the head at pos, which may be hexadecimal.
func (e *examination) lengthAt(pos int) (from, to int, ok bool) {
	text := e.data[pos:min(len(e.data), pos+endingWindow)]
	key, end := "", "\r\n"
	switch e.name {
	case "msg":
		key = "\r\nMSG "
	case "netstring":
		end = ":"
	case "syslog", "bgpy":
		end = " "
	case "lsp", "stomp":
		key, end = "content-length:", "\n"
	case "nats", "memcached":
		line, _, whole := bytes.Cut(text, []byte("\r\n"))
		i := bytes.LastIndexByte(line, ' ') + 1
		return pos + i, pos + len(line), whole && i > 0
	default:
		return 0, 0, false
	}
	i := 0
	for i+len(key) <= len(text) && !bytes.EqualFold(text[i:i+len(key)], []byte(key)) {
		i++
	}
	if i+len(key) > len(text) {
		return 0, 0, false
	}
	i += len(key)
	n := bytes.Index(text[i:], []byte(end))
	if n < 0 || n > wordMost {
		return 0, 0, false
	}
	word := text[i : i+n]
	i += len(word) - len(bytes.TrimLeft(word, " "))
	return pos + i, pos + i + len(bytes.Trim(word, " \r")), true
}

// sized is the length of the frame at pos if n stood at data[from:to].
func (e *examination) sized(pos, from, to, n int) (size int, ok bool) {
	const slack = 256 // bytes of the head that is left and of the tail
	digits := strconv.Itoa(n)
	text := append([]byte(nil), e.data[pos:from]...)
	text = append(text, digits...)
	if e.name == "bgpy" {
		for len(text) < to-pos {
			text = append(text, ' ')
		}
	}
	added := len(text) - (to - pos)
	rest := e.data[to:]
	if e.name == "bgpy" && added > 0 { // the field is as wide as ever
		rest = rest[min(added, len(rest)):]
		added = 0
	}
	text = append(text, rest[:min(len(rest), n+slack)]...)
	sp, need, err := e.codec.Scan(text, &frame.State{})
	if err != nil || need > 0 || sp.Len() == 0 {
		return 0, false
	}
	return sp.Len() - added, true
}
