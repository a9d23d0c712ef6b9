package detect

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// weakBits is the evidence in a frame below which it is looked at closer.
const weakBits = 5

// A likeness tells frames by how alike they are, for framings in which nearly every
// byte can begin one: the frames of a stream begin alike, or end alike, or hold text
// all, and what a wrong division cuts out of the stream has none of that. How alike
// frames are that one division makes is measured against the bytes of the stream; the
// division whose frames are the most alike teaches what a frame of this stream is.
type likeness struct {
	lo, hi int
	weak   bool // frames prove little else
	data   []byte
	head   int     // bytes of it, in the frames that were learnt from
	odd    []int32 // bytes of data[lo:lo+i] that no text holds

	gains [traits][256]int32 // of each value of a trait, in the unit of scale

	typical int32   // gain in a body of those that were learnt from
	plain   float64 // bits by which a byte of text differs from those of bodies

	score  []int32 // gains of the chain from lo+i
	marks  []int32 // gains of the good frames before each start
	starts []int
}

// The traits of a frame are bytes at fixed places of it, and whether its body is text.
const (
	headTraits = 8 // the first bytes of the head
	openTraits = 4 // the first bytes of the body
	endTraits  = 2 // the last ones
	tailTraits = 1

	traitOpen = headTraits
	traitEnd  = traitOpen + openTraits
	traitTail = traitEnd + endTraits
	traitText = traitTail + tailTraits
	traits    = traitText + 1
)

const (
	gainUnit     = 16 // gains in a bit
	gainMost     = 12 // bits of one frame
	gainLeast    = -8
	lessonsLeast = 3    // frames from which anything is learnt
	lessons      = 64   // frames that are looked at for that
	likePlaces   = 4096 // places of the stream to which frames are compared
)

// A piece is a frame that some division makes.
type piece struct {
	pos int
	unit
}

// each calls f with the traits of the frame at pos.
func (l *likeness) each(pos int, u unit, f func(trait int, value byte)) {
	body, end := pos+u.head, pos+u.head+u.body
	if u.head == l.head {
		for i := range min(u.head, headTraits, len(l.data)-pos) {
			f(i, l.data[pos+i])
		}
	}
	for i := range min(u.body, openTraits, len(l.data)-body) {
		f(traitOpen+i, l.data[body+i])
	}
	if end > len(l.data) {
		return
	}
	for i := range min(endTraits, max(0, u.body-openTraits)) {
		f(traitEnd+i, l.data[end-1-i])
	}
	if u.tail > 0 && end < len(l.data) {
		f(traitTail, l.data[end])
	}
	if u.body > 2 && body >= l.lo && end <= l.hi {
		f(traitText, l.text(body, u.body))
	}
}

// text is the value of the trait of a body: how long it is, in powers of two, and in
// the lowest bit whether it is text.
func (l *likeness) text(body, size int) byte {
	v := byte(bits.Len(uint(size))) << 1
	if l.odd[body+size-l.lo] == l.odd[body-l.lo] {
		v |= 1
	}
	return v
}

// newLikeness returns nil where frames are not alike.
func newLikeness(e *examination, c *chains) *likeness {
	l := &likeness{lo: c.lo, hi: c.hi, data: e.data, starts: e.starts}
	l.odd = oddBytes(e.data, c.lo, c.hi)
	usual := l.survey(e)
	best, taught := float64(alikeLeast), []piece(nil)
	plain, altered := e.divisions(c)
	for i, pieces := range append(plain, altered...) {
		if alike := l.alike(pieces, usual, i >= len(plain)); alike > best {
			best, taught = alike, pieces
		}
	}
	if taught == nil || !l.learn(e, taught, usual) {
		return nil
	}
	l.plain = l.plainness(taught)
	if l.weak = c.bits < weakBits; !l.weak {
		return l
	}
	l.score = make([]int32, c.hi-c.lo)
	for p := c.hi - 1; p >= c.lo; p-- {
		u, _, ok := e.unit.scan(e.data, p)
		next := p + u.len()
		if !ok || u.body > e.max || next > len(e.data) {
			continue
		}
		v := l.judge(p, u)
		if v > 0 && l.repeats(p, u.len()) {
			v = 0
		}
		if next < c.hi {
			v += l.score[next-c.lo]
		}
		l.score[p-c.lo] = v
	}
	total := int32(0)
	for _, start := range e.starts {
		l.marks = append(l.marks, total)
		if u, _, ok := e.unit.scan(e.data, start); ok && start >= c.lo {
			total += l.judge(start, u)
		}
	}
	l.marks = append(l.marks, total)
	return l
}

// oddBytes counts the bytes of data[lo:hi] that no text holds, up to each.
func oddBytes(data []byte, lo, hi int) []int32 {
	odd := make([]int32, hi-lo+1)
	for p := lo; p < hi; {
		r, n := utf8.DecodeRune(data[p:])
		bad := r == utf8.RuneError && n == 1 || n == 1 && control(data[p])
		for range n {
			if p == hi {
				break
			}
			odd[p-lo+1] = odd[p-lo]
			if bad {
				odd[p-lo+1]++
			}
			p++
		}
	}
	return odd
}

// holds reports whether the frame at pos has a body like those of others, whatever its
// head is.
func (l *likeness) holds(pos int, u unit) bool {
	return l != nil && l.typical > 0 && l.bodyGain(pos, u) >= l.typical/2
}

func (l *likeness) bodyGain(pos int, u unit) (v int32) {
	l.each(pos, u, func(trait int, value byte) {
		if trait >= traitOpen && trait != traitText {
			v += l.gains[trait][value]
		}
	})
	return v
}

// repeats reports whether the n bytes at pos, which are few, come once more behind
// them: such frames may be cut out of what is no frame, such as zeros.
func (l *likeness) repeats(pos, n int) bool {
	const few = 16
	return n <= few && pos+2*n <= len(l.data) && string(l.data[pos:pos+n]) == string(l.data[pos+n:pos+2*n])
}

// plainness is how seldom the bytes of bodies are such as text has, in bits.
func (l *likeness) plainness(pieces []piece) float64 {
	odd, all := 0.5, 1.0
	for _, f := range pieces {
		if body := f.pos + f.head; body >= l.lo && body+f.body <= l.hi {
			odd += float64(l.odd[body+f.body-l.lo] - l.odd[body-l.lo])
			all += float64(f.body)
		}
	}
	return -math.Log2(1 - odd/all)
}

// judge is the gain in that the frame at pos is one.
func (l *likeness) judge(pos int, u unit) int32 {
	if pos < l.lo || u.body == 0 && u.head != l.head {
		return 0
	}
	v := int32(0)
	l.each(pos, u, func(trait int, value byte) { v += l.gains[trait][value] })
	return max(gainLeast*gainUnit, min(v, gainMost*gainUnit))
}

// at is the evidence in that the frame at pos is one.
func (l *likeness) at(pos int, u unit) float64 {
	if l == nil || !l.weak {
		return 0
	}
	bits := l.begins(pos, u)
	if bits > 0 && l.repeats(pos, u.len()) {
		return 0
	}
	return bits
}

// begins is the evidence in that a frame begins at pos, of which all need not be there.
func (l *likeness) begins(pos int, u unit) float64 {
	if l == nil {
		return 0
	}
	return float64(l.judge(pos, u)) / gainUnit
}

// of is the evidence in the frames of the chain from pos.
func (l *likeness) of(pos int) float64 {
	if l == nil || !l.weak || pos < l.lo || pos >= l.hi {
		return 0
	}
	return float64(l.score[pos-l.lo]) / gainUnit
}

// turn is the number of good frames, of those that are remembered, behind which they
// cease to be alike.
func (l *likeness) turn() int {
	turn := 0
	for i, v := range l.marks {
		if v > l.marks[turn] {
			turn = i
		}
	}
	return turn
}

// before is the evidence in so many good frames, of all.
func (l *likeness) before(frames, all int) float64 {
	if l == nil || !l.weak {
		return 0
	}
	i := max(0, frames-(all-len(l.starts)))
	return float64(l.marks[min(i, len(l.marks)-1)]) / gainUnit
}
