package detect

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/chancat/channel/frame"
)

// A breach is a frame whose end is known, although it breaks a rule of its framing.
type breach struct {
	size   int
	rule   int     // which
	bits   float64 // of evidence beyond that of a frame that breaks one
	cause  frame.Cause
	detail string // empty for what the decoder says
	repair string
}

// breachLeast is the evidence in that the decoder names the rule.
const breachLeast = 4

// breachBits is the evidence in a frame that breaks a rule, and only one, by what
// random places of the stream look like.
func (e *examination) breachBits(read func(pos int) (breach, bool)) float64 {
	step := max(1, len(e.data)/samples)
	valid, places := 0, 0
	for p := 0; p < len(e.data); p += step {
		places++
		if b, ok := read(p); ok && p+b.size <= len(e.data) {
			valid++
		}
	}
	return max(0.05, -math.Log2((float64(valid)+0.5)/(float64(places)+8)))
}

// rules reads on behind frames that break a rule which has nothing to do with where
// they end.
func (e *examination) rules() {
	var read func(pos int) (breach, bool)
	switch {
	case e.name == "ws":
		read = e.breachOfWS
	case e.based():
		read = e.longNumber
	default:
		return
	}
	if e.stuckAt() >= len(e.data) {
		return
	}
	pos, frames, broken := e.stuck, 0, 0
	alike := 0.0
	var first breach
	for pos < len(e.data) && frames < 1<<16 {
		sp, err := e.scan(e.codec, pos, e.max)
		if err == nil {
			if sp.Len() == 0 || frames == 0 {
				break
			}
			alike += e.chain.like.at(pos, unit{head: sp.Head, body: sp.Body, tail: sp.Tail})
			pos += sp.Len()
			frames++
			continue
		}
		b, ok := read(pos)
		if !ok || pos+b.size > len(e.data) {
			break
		}
		if broken++; broken == 1 {
			first = b
		} else if b.rule != first.rule {
			break
		}
		pos += b.size
		frames++
	}
	if broken == 0 {
		return
	}
	x := Explanation{Cause: first.cause, Detail: first.detail, Repair: first.repair, Then: frames}
	if x.Detail == "" {
		x.Detail = reason(e.err)
	}
	x.Detail += fmt.Sprintf(" (%s)", howMany(broken, frames+e.frames))
	bits := float64(frames-broken)*e.frameBits() + float64(broken)*min(e.frameBits(), breachLeast+e.breachBits(read)) + first.bits + alike - 1
	if pos == len(e.data) {
		bits += e.chain.last
	} else {
		bits -= 4
	}
	e.add(x, e.stuck, e.frames, e.base(e.frames)+bits)
}

// howMany says in words how many frames of all are meant.
func howMany(n, all int) string {
	switch {
	case n == 1:
		return "this frame"
	case n == all:
		return "every frame"
	}
	return fmt.Sprintf("%d frames of %d", n, all)
}

// breachOfWS reads a WebSocket frame that breaks a rule of RFC 6455.
func (e *examination) breachOfWS(pos int) (b breach, ok bool) {
	buf := e.data[pos:]
	if len(buf) < 2 {
		return b, false
	}
	opcode, masked, size := buf[0]&0x0f, buf[1]&0x80 != 0, int(buf[1]&0x7f)
	head := 2
	switch size {
	case 126:
		if len(buf) < 4 {
			return b, false
		}
		size, head = int(binary.BigEndian.Uint16(buf[2:])), 4
	case 127:
		if len(buf) < 10 {
			return b, false
		}
		n := binary.BigEndian.Uint64(buf[2:])
		if n > math.MaxInt32 {
			return b, false
		}
		size, head = int(n), 10
	}
	b = breach{cause: frame.CauseSyntax, size: head + size}
	if masked {
		b.size += 4
	}
	broken := 0
	for i, r := range []struct {
		broken bool
		repair string
	}{
		{buf[0]&0x30 != 0, "send RSV2 and RSV3 as 0: no extension that uses them is agreed on"},
		{opcode > 2 && opcode < 8 || opcode > 10, "send text (1), binary (2), a continuation (0), close (8), ping (9) or pong (10)"},
		{opcode >= 8 && buf[0]&0x80 == 0, "set FIN: send ping, pong and close whole, between the fragments of a message if need be"},
		{opcode >= 8 && size > 125, "put at most 125 bytes into a ping, a pong or a close"},
		{masked && e.from == Server, "a server sends without a mask: clear the highest bit of the second byte, and send no key"},
		{!masked && e.from == Client, "a client masks: set the highest bit of the second byte, send a key of 4 random bytes, and the payload combined with it"},
		{head == 4 && size < 126 || head == 10 && size < 1<<16, fmt.Sprintf("write the length, %d, in its shortest form: up to 125 in 7 bits, up to 65535 in 16", size)},
	} {
		if r.broken {
			broken++
			b.rule, b.repair = i, r.repair
		}
	}
	return b, broken == 1
}

// based reports whether the length is a number in base 128.
func (e *examination) based() bool {
	switch nameOf(e.field) {
	case "varint", "bsuint":
		return true
	}
	return false
}

// numberMost bounds the bytes of a length that is read although it is too long.
const numberMost = 64

// longNumberBits is the evidence in many bytes with the high bit set behind one another.
const longNumberBits = 8

// longNumber reads a frame whose length takes more bytes than it may. What it counts
// besides the body is read only where it counts nothing.
func (e *examination) longNumber(pos int) (b breach, ok bool) {
	l, ok := e.layout()
	if !ok {
		return b, false
	}
	big := nameOf(e.field) == "bsuint"
	digits := e.data[min(len(e.data), pos+l.at):min(len(e.data), pos+l.at+numberMost)]
	value := uint64(0)
	for i, c := range digits {
		switch {
		case big && value >= 1<<40, !big && i > 5 && c&0x7f != 0:
			return b, false
		case big:
			value = value<<7 | uint64(c&0x7f)
		case i <= 5:
			value |= uint64(c&0x7f) << (7 * i)
		}
		if c >= 0x80 {
			continue
		}
		need := max(1, (bitLen(value)+6)/7)
		if int64(value) > int64(e.max) || i+1 == need {
			return b, false
		}
		return breach{
			size: int(value) + i + l.extra, cause: frame.CauseBadDigits, bits: longNumberBits,
			detail: fmt.Sprintf("the length, %d, is written in %d bytes: %s", value, i+1, reason(e.err)),
			repair: fmt.Sprintf("write it in as few bytes as it needs: %d", need),
		}, true
	}
	return b, false
}

// longForm reports whether the length of the frame at pos, a number in base 128, has
// more bytes than it needs.
func (e *examination) longForm(pos int) bool {
	l, _ := e.layout()
	digits := e.data[min(len(e.data), pos+l.at):]
	if len(digits) < 2 || digits[0] < 0x80 {
		return false
	}
	if nameOf(e.field) == "bsuint" {
		return digits[0] == 0x80
	}
	for _, c := range digits[:min(len(digits), numberMost)] {
		if c < 0x80 {
			return c == 0
		}
	}
	return false
}

// paddedLengths notes what is accepted here and not everywhere.
func (e *examination) paddedLengths() string {
	if e.padded == 1 {
		return "a length is written in more bytes than it needs, which some readers refuse"
	}
	return fmt.Sprintf("%d lengths are written in more bytes than they need, which some readers refuse", e.padded)
}
