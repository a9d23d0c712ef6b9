package detect

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A number is a way to write the length of a frame.
type number struct {
	name   string
	width  int // bytes; 0 where they vary
	little bool
	cost   float64 // bits: how rare it is among formats that people make
}

var numbers = []number{
	{"u8", 1, false, 2},
	{"u16be", 2, false, 1.5}, {"u16le", 2, true, 2},
	{"u24be", 3, false, 3}, {"u24le", 3, true, 3},
	{"u32be", 4, false, 1}, {"u32le", 4, true, 1.5},
	{"u64be", 8, false, 3}, {"u64le", 8, true, 3},
	{"varint", 0, true, 2}, {"bsuint", 0, false, 4},
}

const (
	maxAt      = 16 // bytes before the length
	maxExtra   = 16 // bytes that the length does not count, besides those up to its end
	maxLength  = 16 << 20
	maxBase128 = 5 // bytes of a varint or bsuint: 35 bits
)

// read returns the number at b[i:] and how many bytes it has; 0 where b ends in it
// and -1 where it is none.
func (k *number) read(b []byte, i int) (value uint64, n int) {
	if k.width > 0 {
		if i+k.width > len(b) {
			return 0, 0
		}
		if i+8 <= len(b) {
			unused := 64 - 8*k.width
			if k.little {
				return binary.LittleEndian.Uint64(b[i:]) << unused >> unused, k.width
			}
			return binary.BigEndian.Uint64(b[i:]) >> unused, k.width
		}
		if k.little {
			for j := k.width - 1; j >= 0; j-- {
				value = value<<8 | uint64(b[i+j])
			}
		} else {
			for _, c := range b[i : i+k.width] {
				value = value<<8 | uint64(c)
			}
		}
		return value, k.width
	}
	for n < maxBase128 {
		if i+n >= len(b) {
			return 0, 0
		}
		c := b[i+n]
		if k.little {
			value |= uint64(c&0x7f) << (7 * n)
		} else {
			value = value<<7 | uint64(c&0x7f)
		}
		if n++; c < 0x80 {
			return value, n
		}
	}
	return 0, -1
}

// A rule says how long a frame is by a length in it: the length begins at byte at,
// and the frame has extra bytes more than those up to the end of the length and as
// many as it says. Where whole, it says the bytes of the whole frame.
type rule struct {
	kind  *number
	at    int
	extra int
	whole bool // of varint and bsuint only: elsewhere extra says it
}

// none, cut and small are no lengths of frames.
const (
	none  = -1
	cut   = -2
	small = -3
)

// frame returns the length of the frame at b[pos:], at most maxLength and a head
// more; cut where b ends inside its head, none where no frame can stand there.
func (r *rule) frame(b []byte, pos int) int {
	value, n := r.kind.read(b, pos+r.at)
	switch {
	case n == 0:
		return cut
	case n < 0 || value > maxLength:
		return none
	}
	head := r.at + n
	size := int(value)
	if !r.whole {
		size += head + r.extra
	}
	if size < head {
		return none
	}
	return size
}

// inclusive reports whether the length says the bytes of the whole frame.
func (r *rule) inclusive() bool {
	return r.whole || r.kind.width > 0 && r.extra == -(r.at+r.kind.width)
}

// selfCounted reports whether the length counts itself, but not what stands before
// it.
func (r *rule) selfCounted() bool { return r.at > 0 && r.kind.width > 0 && r.extra == -r.kind.width }

// plain reports whether a frame is its length and what that counts.
func (r *rule) plain() bool { return r.at == 0 && (r.extra == 0 && !r.whole || r.inclusive()) }

// large reports whether people frame large messages so, of which a window holds few.
func (r *rule) large() bool { return r.plain() && r.kind.width != 1 }

// odd reports whether the length says less than what stands behind it, and yet not
// what stands before it. Nobody means that: such a rule finds the frames of another
// that began before the data.
func (r *rule) odd() bool { return r.extra < 0 && !r.inclusive() && !r.selfCounted() }

// begun is the rule that an odd one is from the byte -extra of the data on.
func (r *rule) begun() *rule { return &rule{kind: r.kind, at: max(0, r.at+r.extra)} }

// cost is how many bits it takes to name the rule among all rules: what a person
// is less likely to have made costs more.
func (r *rule) cost() float64 {
	bits := r.kind.cost
	if r.at > 0 {
		bits += 3 + halfLog[r.at]
	}
	switch {
	case r.extra == 0 && !r.whole:
	case r.inclusive():
		bits += 2.5
	case r.selfCounted():
		bits += 3.5
	case r.extra > 0:
		bits += 3.5 + math.Log2(float64(r.extra))/2
	default:
		bits += 8
	}
	return bits
}

// halfLog has half the binary logarithm of the numbers of bytes that a rule has.
var halfLog = func() (logs [max(maxAt, maxExtra+1) + 1]float64) {
	for n := range logs {
		logs[n] = math.Log2(float64(n)) / 2
	}
	return logs
}()

// A layout says which part of a frame is its body.
type layout struct {
	skip, tail int
	check      string // name of the checksum that the tail is
	magic      string // constant bytes at the start of frames
}

// spelling writes the rule with a layout in the words of a spelling.
func (r *rule) spelling(l layout) string {
	s := r.kind.name
	if r.at > 0 {
		if l.magic != "" {
			s += fmt.Sprintf(",magic=%x", l.magic)
		}
		if len(l.magic) < r.at {
			s += fmt.Sprintf(",at=%d", r.at)
		}
	}
	if l.skip > 0 {
		s += fmt.Sprintf(",skip=%d", l.skip)
	}
	if r.inclusive() {
		s += ",incl"
	} else if adjust := r.extra - l.skip - l.tail; adjust != 0 {
		s += fmt.Sprintf(",adjust=%+d", adjust)
	}
	switch {
	case l.check != "":
		s += ",tail=" + l.check
	case l.tail > 0:
		s += fmt.Sprintf(",tail=%d", l.tail)
	}
	return s
}
