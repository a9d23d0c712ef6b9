package framing

import (
	"fmt"

	"github.com/chancat/channel/frame"
)

const lengthFieldOptions = "at=N skip=N adjust=±N incl tail=N|crc16|crc32|sum8 lead=HEX pad=HEX trail=HEX magic=HEX"

// Bounds of the options: no protocol is known to come near them.
const (
	maxAround = 4096    // bytes of lead, pad or trail
	maxAdjust = 1 << 16 // bytes
)

// parseLengthField returns the codec for a length written as code, with the
// options in o.
func parseLengthField(o *options, code lengthCode) frame.Codec {
	c := lengthField{length: code}
	c.magic = o.hex("magic")
	if len(c.magic) > maxAround {
		o.fail("magic: %d bytes, the most is %d", len(c.magic), maxAround)
		return nil
	}
	at := len(c.magic)
	if o.has("at") {
		at = o.number("at", 0, maxAround)
		if at < len(c.magic) {
			o.fail("at=%d: the %d bytes of magic do not fit before the length", at, len(c.magic))
			return nil
		}
	}
	c.lead = o.around("lead", "at", at)
	if !o.has("lead") {
		copy(c.lead, c.magic)
	} else if o.err == nil && string(c.lead[:len(c.magic)]) != string(c.magic) {
		o.fail("lead=%x does not start with magic=%x", c.lead, c.magic)
	}
	c.pad = o.around("pad", "skip", o.number("skip", 0, maxAround))
	c.readTail(o)

	c.incl = o.flag("incl")
	if c.incl {
		c.plus = len(c.lead) + len(c.pad) + c.tail()
		c.rule = "it counts the whole frame"
	}
	if o.has("adjust") {
		adjust := o.number("adjust", -maxAdjust, maxAdjust)
		if c.incl {
			o.fail("incl and adjust exclude each other: incl says what the length counts")
		}
		c.plus = -adjust
		c.rule = fmt.Sprintf("adjust=%+d", adjust)
	}
	if len(c.magic) > 0 {
		return &magicField{c}
	}
	return &c
}

// around returns the bytes of key=HEX, which are as many as countKey says; zeros
// if it is not given.
func (o *options) around(key, countKey string, count int) []byte {
	if !o.has(key) {
		return make([]byte, count)
	}
	b := o.hex(key)
	if len(b) != count {
		o.fail("%s=%x: its length is %d, but %s is %d", key, b, len(b), countKey, count)
	}
	return b
}

// readTail reads tail=N or tail=CHECKSUM.
func (c *lengthField) readTail(o *options) {
	name, _ := o.text("tail")
	if kind, ok := checksums[name]; ok {
		if f, ok := c.length.(fixed); ok {
			kind.code.little = f.little
		}
		c.check = &kind
		if o.has("trail") {
			o.fail("trail and tail=%s exclude each other: the checksum is the tail", name)
		}
		return
	}
	if name != "" && (name[0] < '0' || name[0] > '9') {
		o.fail("tail=%s: want crc16, crc32, sum8 or a number from 0 to %d", name, maxAround)
	}
	c.trail = o.around("trail", "tail", o.number("tail", 0, maxAround))
}
