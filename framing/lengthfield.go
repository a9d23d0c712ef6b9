package framing

import (
	"math"

	"github.com/chancat/channel/frame"
)

// A lengthField frames a message behind its length (docs/spec.md §4):
//
//	lead (at bytes) | length | pad (skip bytes) | body | trail (tail bytes)
//
// The three outer parts are not delivered; sending writes them as given.
type lengthField struct {
	length lengthCode
	lead   []byte
	pad    []byte
	trail  []byte // unused with a checksum, which takes its place
	magic  []byte // the start of lead, which is checked on receipt

	plus int    // the length is the body's plus this
	incl bool   // and plus the bytes of the length field
	rule string // where plus or incl say so: why a length has a least value

	check *checksum
}

// A lengthCode is a way to write a length.
type lengthCode interface {
	// read reads the length at buf[at:], n bytes long. While it is incomplete, n
	// is 0 and need is the least number of bytes missing from buf.
	read(buf []byte, at int) (value uint64, n, need int, err error)
	append(dst []byte, value uint64) []byte
	size(value uint64) int // bytes that append writes
	most() uint64
	String() string
}

func (c *lengthField) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	for i := range min(len(buf), len(c.magic)) {
		if buf[i] != c.magic[i] {
			return frame.Span{}, 0, frame.Malformed(i, "magic: got %#02x, want %#02x of %x", buf[i], c.magic[i], c.magic)
		}
	}
	at := len(c.lead)
	value, n, need, err := c.length.read(buf, at)
	if n == 0 {
		return frame.Span{}, need, err
	}
	head, tail := at+n+len(c.pad), c.tail()
	counted := c.plus
	if c.incl {
		counted += n
	}
	body := value - uint64(counted) // of a negative number: adds it
	switch {
	case counted > 0 && value < uint64(counted):
		return frame.Span{}, 0, frame.Malformed(at, "length %d: %s, so at least %d", value, c.rule, counted)
	case counted < 0 && body < value:
		body = math.MaxUint64
	}
	if body > uint64(math.MaxInt-head-tail) {
		return frame.Span{}, 0, frame.TooLarge(at, body)
	}
	if len(buf) < head {
		return frame.Span{}, head - len(buf), nil
	}
	sp := frame.Span{Head: head, Body: int(body), Tail: tail}
	if len(buf) < sp.Len() {
		return sp, sp.Len() - len(buf), nil
	}
	if c.check != nil {
		err = c.check.verify(buf, sp)
	}
	return sp, 0, err
}

func (c *lengthField) tail() int {
	if c.check != nil {
		return c.check.code.width
	}
	return len(c.trail)
}

func (c *lengthField) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(c, dst, msg) }

func (c *lengthField) AppendHead(dst, msg []byte) ([]byte, error) {
	value, err := c.value(len(msg))
	if err != nil {
		return dst, err
	}
	dst = append(dst, c.lead...)
	dst = c.length.append(dst, value)
	return append(dst, c.pad...), nil
}

// value returns the length that stands for a body of that many bytes.
func (c *lengthField) value(body int) (uint64, error) {
	v := int64(body) + int64(c.plus)
	if v < 0 {
		return 0, frame.Refuse("%d bytes; by %s at least %d", body, c.rule, -c.plus)
	}
	if c.incl {
		n := 1
		for c.length.size(uint64(v)+uint64(n)) > n {
			n++
		}
		v += int64(n)
	}
	if most := c.length.most(); uint64(v) > most {
		if v != int64(body) {
			return 0, frame.Refuse("%d bytes, so the length is %d; a %v length holds at most %d", body, v, c.length, most)
		}
		return 0, frame.Refuse("%d bytes; a %v length holds at most %d", body, c.length, most)
	}
	return uint64(v), nil
}

func (c *lengthField) AppendTail(dst, msg []byte) []byte {
	if c.check != nil {
		return c.check.append(dst, msg)
	}
	return append(dst, c.trail...)
}

func (c *lengthField) LengthOffset([]byte) int { return len(c.lead) }

// drops reports whether a frame has bytes that are neither delivered nor checked.
func (c *lengthField) drops() bool {
	return len(c.lead)+len(c.pad)+len(c.trail) > len(c.magic)
}

// A magicField is a lengthField whose frames can be recognised.
type magicField struct{ lengthField }

// Resync finds the magic.
func (c *magicField) Resync(buf []byte) int { return indexStart(buf, c.magic) }
