package detect

import (
	"bytes"
	"math"

	"github.com/chancat/channel/frame"
)

const (
	chainBefore = 256 << 10 // bytes before the stuck frame in which the guilty one is looked for
	chainBehind = 1 << 20   // bytes behind it in which frames are looked for again
	chainMost   = 4 << 20   // bytes of a claim that are searched

	// A checksum is computed of places that lead to another frame, and of others, of
	// which there may be one at every byte, as far as the bytes that they have brought
	// allow: the time stays linear.
	sumsLed  = 32 << 20
	sumsRate = 24
	sumsMost = 4 << 20

	// So it is with heads, of which each byte may begin one in the middle of another.
	headsMost = 4 << 20
	headsRate = 24
)

// chains tells for every place of a window of the stream how many frames follow
// one another from there on: a place where a frame really begins starts a long
// chain, and by chance few others do.
type chains struct {
	lo, hi int
	hops   []int32   // frames that follow one another from lo+i
	whole  []bool    // the chain does not break: it reaches the end of the data, or of the window
	valid  int       // places with a head that could be one
	bits   float64   // of evidence in one frame of a chain
	like   *likeness // of frames, where one proves little; else nil
	last   float64   // of evidence in a chain that reaches the end of the stream exactly
}

// newChains looks at e.data[lo:hi].
func newChains(e *examination, lo, hi int) *chains {
	c := &chains{lo: lo, hi: hi, hops: make([]int32, hi-lo), whole: make([]bool, hi-lo)}
	marks := e.marks(lo, hi)
	units, ok := e.unit.(*codecUnits)
	if !ok {
		units = &codecUnits{} // of which no head is looked at
	}
	led, sums, heads := sumsLed, sumsMost, units.looked+headsMost
	for p := hi - 1; p >= lo; p-- {
		if marks != nil && !marks[p-lo] {
			continue
		}
		if heads += headsRate; units.looked > heads {
			continue
		}
		u, cut, ok := e.unit.scan(e.data, p)
		if !ok {
			c.whole[p-lo] = cut && !e.ended
			continue
		}
		next := p + u.len()
		switch {
		case u.body > e.max || u.len() == 0:
			continue
		case next > len(e.data):
			c.whole[p-lo] = !e.ended
			if c.whole[p-lo] {
				c.valid++
			}
			continue
		}
		hops, whole := c.at(next)
		if units.checked {
			budget := &sums
			if hops > 0 {
				budget = &led
			}
			if sums = min(sumsMost, sums+sumsRate); u.body > *budget {
				continue
			}
			*budget -= u.body
		}
		if !e.unit.tailOK(e.data, u, p+u.head, p+u.head+u.body) {
			continue
		}
		c.valid++
		c.hops[p-lo], c.whole[p-lo] = hops+proof(e.unit, u), whole
	}
	most := int32(0)
	for _, h := range c.hops {
		most = max(most, h)
	}
	c.bits = e.bitsOf(c.valid-int(most), hi-lo)
	if e.binary() || c.bits < weakBits && e.oneForm() {
		c.like = newLikeness(e, c)
	}
	c.last = min(8, math.Log2(float64(1+len(e.data)/max(1, e.frames+int(most)))))
	return c
}

// proof is 1 for a unit that proves something: runs of zeros make as many empty
// frames as one likes.
func proof(units unitScanner, u unit) int32 {
	if u.weak {
		return 0
	}
	if c, ok := units.(*codecUnits); ok && u.body == 0 && c.starts[0] {
		return 0
	}
	return 1
}

// bitsOf is the evidence in one frame where by chance so many of all places start
// one that could be.
func (e *examination) bitsOf(valid, places int) float64 {
	prior := e.chance()
	q := (float64(max(valid, 0)) + 8*prior) / (float64(places) + 8)
	return max(0.005, min(30, -math.Log2(q)))
}

// chance is the likelihood that random bytes start a frame.
func (e *examination) chance() float64 {
	random := [...]byte{0x9d, 0x3c, 0xb1, 0x07, 0x5e, 0xf2, 0x48, 0x81, 0x6a, 0xd4, 0x23, 0xc9}
	good := 0.0
	for b := range 256 {
		random[0] = byte(b)
		u, _, ok := e.unit.scan(random[:], 0)
		if ok && u.body <= e.max && u.len() <= len(e.data) {
			good++
		}
	}
	return max(good/256, 1.0/4096)
}

// at returns the chain that starts at pos.
func (c *chains) at(pos int) (hops int32, whole bool) {
	switch {
	case pos >= c.hi:
		return 0, true
	case pos < c.lo:
		return 0, false
	}
	return c.hops[pos-c.lo], c.whole[pos-c.lo]
}

// evidence is what speaks for frames that begin at pos.
func (c *chains) evidence(pos int) float64 {
	hops, whole := c.at(pos)
	bits := float64(hops)*c.bits + c.like.of(pos)
	if whole {
		return bits + c.last
	}
	return bits - 4
}

// marks tells where in data[lo:hi] frames could start, for framings that say so;
// nil for others.
func (e *examination) marks(lo, hi int) []bool {
	var next func(buf []byte) int
	r, ok := e.codec.(frame.Resyncer)
	switch {
	case e.name == "lsp":
		next = nextHeader
	case e.name == "netstring", e.name == "syslog", e.name == "resp", !ok:
		return nil
	default:
		next = r.Resync
	}
	marks := make([]bool, hi-lo)
	for p := lo; p < hi; p++ {
		n := next(e.data[p:])
		if p += n; p < hi {
			marks[p-lo] = true
		}
	}
	return marks
}

// nextHeader finds the name of a header such as Content-Type.
func nextHeader(buf []byte) int {
	const name = "content-"
	for i := 0; i < len(buf); i++ {
		next := bytes.IndexAny(buf[i:], "cC")
		if next < 0 {
			return len(buf)
		}
		i += next
		if n := min(len(name), len(buf)-i); bytes.EqualFold(buf[i:i+n], []byte(name[:n])) {
			return i
		}
	}
	return len(buf)
}
