package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A unit is a piece of a stream that says its own length: a frame, or a part of
// one where a frame has several (the strings of a RESP array).
type unit struct {
	head    int // bytes
	body    int // bytes, as the head claims
	tail    int
	weak    bool // so short or so free that it proves nothing
	counted bool // a length stands in the head; without one nothing can be wrong with it
}

func (u unit) len() int { return u.head + u.body + u.tail }

// A unitScanner finds units.
type unitScanner interface {
	// scan reads the head at data[pos:]. cut tells that the data ends in it; ok
	// is false if there is no valid head.
	scan(data []byte, pos int) (u unit, cut, ok bool)
	// tailOK reports whether what stands at data[end:] can be the tail of u, whose
	// body begins at start and ends at end. The data may end before.
	tailOK(data []byte, u unit, start, end int) bool
	// ends takes in that u, at data[pos:], was passed and reports whether a frame
	// ends with it.
	ends(st *unitState, data []byte, pos int, u unit) bool
}

// A unitState is what a walk over the units of one frame remembers.
type unitState struct{ pending int }

// newUnitScanner returns the scanner for the framing at hand; nil where frames do
// not declare their length.
func newUnitScanner(e *examination) unitScanner {
	switch e.name {
	case "line", "crlf", "nul", "delim", "slip", "cobs", "json", "jsonseq":
		return nil
	case "resp":
		return respUnits{inline: e.from != Server && opensInline(e.data)}
	case "fastdaemon":
		return stringUnits{chars: strings.Contains(e.spelling, ",chars")}
	}
	codec := e.codec
	if s := e.plainSpelling(); s != "" {
		if f, err := framing.Parse(s); err == nil {
			codec = f.Either.Codec
		}
	}
	c := codecUnits{codec: codec, starts: startBytes(codec)}
	switch e.name {
	case "postgres":
		c.starts[0] = len(e.data) > 0 && e.data[0] == 0 // only the first packets have no type
	case "nats", "memcached":
		c.line, c.literal = "\n", "\r\n"
	case "stomp":
		c.line, c.literal = "\n\n", "\x00"
	case "netstring":
		c.literal = ","
	case "chunked":
		c.literal = "\r\n"
	case "amqp":
		c.literal = "\xce"
	default:
		c.checked = checksTail(codec)
		c.unverified(e.field)
	}
	return &c
}

// codecUnits are the frames of a codec.
type codecUnits struct {
	codec   frame.Codec
	starts  [256]bool   // bytes that a frame can start with
	line    string      // ends the head of a frame that is all body; empty where the codec knows heads
	literal string      // the tail; empty where it is not fixed
	checked bool        // the codec judges the tail by the body
	sum     frame.Codec // the codec that does, where the other one does not look at the tail
	looked  int         // bytes of heads that scan has looked at
	st      frame.State // of the call at hand: one on the stack would not stay there
}

// headWindow bounds the bytes of a head.
const headWindow = 8 << 10

func (c *codecUnits) scan(data []byte, pos int) (u unit, cut, ok bool) {
	if pos >= len(data) {
		return u, true, false
	}
	if !c.starts[data[pos]] {
		return u, false, false
	}
	buf := data[pos:min(len(data), pos+headWindow)]
	c.st = frame.State{}
	sp, need, err := c.codec.Scan(buf, &c.st)
	if err != nil {
		f, _ := errors.AsType[*frame.Error](err)
		if f == nil || f.Offset <= 0 || f.Offset > int64(len(buf)) {
			return u, false, false
		}
		c.looked += int(f.Offset)
		c.st = frame.State{}
		if sp, _, err = c.codec.Scan(buf[:f.Offset], &c.st); err != nil || sp.Len() == 0 {
			return u, false, false
		}
	}
	c.looked += min(len(buf), max(sp.Head, c.st.Pos))
	if sp.Len() == 0 || need > 0 && sp.Len() < len(buf) { // or more of it says how long it is
		return u, pos+headWindow >= len(data), false
	}
	u = unit{head: sp.Head, body: sp.Body, tail: sp.Tail, counted: true}
	if c.line != "" {
		u = c.split(buf, sp)
	}
	return u, false, true
}

// split divides a frame that is all body.
func (c *codecUnits) split(buf []byte, sp frame.Span) unit {
	text := buf[:min(len(buf), sp.Len())]
	i := bytes.Index(text, []byte(c.line))
	n := len(c.line)
	if c.line == "\n\n" {
		if j := bytes.Index(text, []byte("\n\r\n")); j >= 0 && (i < 0 || j < i) {
			i, n = j, len("\n\r\n")
		}
		if i >= 0 && !bytes.Contains(text[:i+1], []byte("\ncontent-length:")) {
			i = -1
		}
	}
	head := i + n
	if i < 0 || head+len(c.literal) > sp.Len() {
		return unit{body: sp.Len()}
	}
	return unit{head: head, body: sp.Len() - head - len(c.literal), tail: len(c.literal), counted: true}
}

func (c *codecUnits) tailOK(data []byte, u unit, start, end int) bool {
	if end > len(data) || u.tail == 0 {
		return true
	}
	if c.literal != "" && u.tail == len(c.literal) {
		rest := data[end:min(len(data), end+u.tail)]
		return strings.HasPrefix(c.literal, string(rest))
	}
	if !c.checked || end+u.tail > len(data) {
		return true
	}
	s, ok := c.sum.(frame.Splitter)
	if !ok {
		return true
	}
	return bytes.Equal(s.AppendTail(nil, data[start:end]), data[end:end+u.tail])
}

func (*codecUnits) ends(*unitState, []byte, int, unit) bool { return true }

// unverified lets heads be read without a look at the tail: a checksum is summed where
// it matters only.
func (c *codecUnits) unverified(spelling string) {
	if !c.checked {
		return
	}
	c.sum = c.codec
	if f, err := framing.Parse(unchecked(spelling)); err == nil {
		c.codec = f.Either.Codec
	}
}

// learnTail takes a tail that is the same in all of the frames at starts for one that
// must be so.
func (c *codecUnits) learnTail(data []byte, starts []int) {
	if c.literal != "" || c.checked || c.line != "" || len(starts) < fewFrames {
		return
	}
	tail := ""
	for _, pos := range starts[max(0, len(starts)-64):] {
		u, _, ok := c.scan(data, pos)
		end := pos + u.head + u.body
		if !ok || u.tail == 0 || u.tail > 8 || end+u.tail > len(data) {
			return
		}
		here := string(data[end : end+u.tail])
		if tail != "" && tail != here {
			return
		}
		tail = here
	}
	c.literal = tail
}

// startBytes returns the bytes that a frame of c can start with.
func startBytes(c frame.Codec) (starts [256]bool) {
	for b := range starts {
		_, _, err := c.Scan([]byte{byte(b)}, &frame.State{})
		starts[b] = err == nil
	}
	return starts
}

// checksTail finds out whether c judges the tail of a frame by its body.
func checksTail(c frame.Codec) bool {
	raw, err := c.AppendFrame(nil, []byte("hi"))
	if err != nil {
		return false
	}
	sp, _, err := c.Scan(raw, &frame.State{})
	if err != nil || sp.Tail == 0 {
		return false
	}
	raw[len(raw)-1] ^= 0x55
	_, _, err = c.Scan(raw, &frame.State{})
	return err != nil
}

// stringUnits are the strings of fastdaemon's records.
type stringUnits struct{ chars, little bool }

func (s stringUnits) scan(data []byte, pos int) (u unit, cut, ok bool) {
	if len(data)-pos < 4 {
		return u, true, false
	}
	n := int64(binary.BigEndian.Uint32(data[pos:]))
	if s.little {
		n = int64(binary.LittleEndian.Uint32(data[pos:]))
	}
	if n > framing.DefaultMax {
		return u, false, false
	}
	if s.chars {
		end := passText(data, pos+4, int(n), false)
		if end < 0 {
			return u, false, false
		}
		n = int64(end - pos - 4)
	}
	return unit{head: 4, body: int(n), counted: true}, false, true
}

func (stringUnits) tailOK([]byte, unit, int, int) bool { return true }

func (stringUnits) ends(st *unitState, _ []byte, _ int, _ unit) bool {
	st.pending ^= 1
	return st.pending == 0
}

// respUnits are the lines and strings of RESP values.
type respUnits struct{ inline bool }

const (
	respTypes = "+-:$*_#,(!=%~>|"
	respLine  = 4 << 10 // bytes of a line
)

// opensInline reports whether the stream begins with a command as people type it, and
// not with a line of something else in front of arrays.
func opensInline(data []byte) bool {
	if len(data) == 0 || data[0]|0x20 < 'a' || data[0]|0x20 > 'z' {
		return false
	}
	line, rest, _ := bytes.Cut(data[:min(len(data), respLine)], []byte{'\n'})
	return bytes.HasSuffix(line, []byte{'\r'}) || len(rest) == 0 || strings.IndexByte("*$+-:", rest[0]) < 0
}

func (r respUnits) scan(data []byte, pos int) (u unit, cut, ok bool) {
	if pos >= len(data) {
		return u, true, false
	}
	c := data[pos]
	if strings.IndexByte(respTypes, c) < 0 && !(r.inline && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')) {
		return u, false, false
	}
	text := data[pos:min(len(data), pos+respLine)]
	i := bytes.IndexByte(text, '\n')
	if i < 0 {
		return u, len(text) < respLine, false
	}
	if i == 0 || text[i-1] != '\r' || bytes.IndexByte(text[:i-1], '\r') >= 0 {
		return u, false, false
	}
	line := string(text[1 : i-1])
	u.head = i + 1
	if strings.IndexByte("$!=*%~>|:", c) < 0 {
		for _, b := range text[:i-1] {
			if b < ' ' {
				return u, false, false
			}
		}
		u.weak = true
		return u, false, true
	}
	u.weak = c == ':'
	n, err := strconv.Atoi(line)
	if err != nil || strings.HasPrefix(line, "+") || c != ':' && (n < -1 || n > 999_999_999 || len(line) > 1 && line[0] == '0') {
		return u, false, line == "?"
	}
	if strings.IndexByte("$!=", c) >= 0 && n >= 0 {
		u.body, u.tail, u.counted = n, len("\r\n"), true
	}
	return u, false, true
}

func (respUnits) tailOK(data []byte, u unit, _, end int) bool {
	if u.tail == 0 || end > len(data) {
		return true
	}
	return strings.HasPrefix("\r\n", string(data[end:min(len(data), end+u.tail)]))
}

func (respUnits) ends(st *unitState, data []byte, pos int, u unit) bool {
	if st.pending > 0 {
		st.pending--
	}
	if c := data[pos]; strings.IndexByte("*%~>|", c) >= 0 && u.head > 3 {
		n, _ := strconv.Atoi(string(data[pos+1 : pos+u.head-2]))
		n = max(n, 0)
		switch c {
		case '%':
			n *= 2
		case '|':
			n = 2*n + 1
		}
		st.pending = min(st.pending+n, 1<<30)
	}
	return st.pending == 0
}
