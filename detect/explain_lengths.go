package detect

import (
	"fmt"
	"math"

	"github.com/chancat/channel/frame"
)

// lengths tries wrong lengths and foreign bytes.
func (e *examination) lengths() {
	e.width = e.fieldWidth()
	if c, ok := e.unit.(*codecUnits); ok {
		c.learnTail(e.data, e.starts)
	}
	lo := e.stuck
	for i := len(e.starts) - 1; i >= 0 && e.starts[i] >= e.stuck-chainBefore; i-- {
		lo = e.starts[i]
	}
	behind := chainBehind
	if _, marked := e.codec.(frame.Resyncer); e.width == 0 && !marked {
		behind /= 4 // each place costs more
	}
	hi := min(len(e.data), max(e.stuck, min(e.stuckAt(), len(e.data)))+behind)
	if u, _, ok := e.unit.scan(e.data, e.stuck); ok && u.body < chainMost {
		hi = min(len(e.data), max(hi, e.stuck+u.len()+chainBehind/4))
	}
	e.chain = newChains(e, lo, hi)
	e.perFrame = e.unitsInFrame()
	for i := range e.found {
		e.found[i].bits += e.base(e.frames)
	}
	e.top += e.base(e.frames)
	if u, _, ok := e.unit.scan(e.data, e.stuck); ok && e.truncated() {
		parts := e.partsBehind(e.stuck)
		for i := range e.found { // a head is there, which proves what that of a whole frame does if its claim is as usual
			if e.found[i].Cause == frame.CauseTruncated {
				e.found[i].bits += e.chain.bits*float64(1+parts) + e.chain.like.begins(e.stuck, u) - e.beyond(u.len()) + e.startPrior(e.stuck)
				e.top = max(e.top, e.found[i].bits)
			}
		}
	}
	e.openings()
	e.uniform()
	for i, start := range e.starts {
		if start >= lo {
			e.oneFrame(start, e.frames-len(e.starts)+i)
		}
	}
	e.oneFrame(e.stuck, e.frames)
	e.foreign()
	e.rules()
	e.checksums()
}

// partsBehind counts the whole units of the frame at pos, which is not whole.
func (e *examination) partsBehind(pos int) int {
	if e.wholeFrames() {
		return 0
	}
	n := 0
	var st unitState
	for pos < len(e.data) {
		u, _, ok := e.unit.scan(e.data, pos)
		if !ok || pos+u.len() > len(e.data) || u.len() == 0 {
			break
		}
		if n++; e.unit.ends(&st, e.data, pos, u) {
			break
		}
		pos += u.len()
	}
	return n
}

// unitsInFrame is the average number of units in the good frames.
func (e *examination) unitsInFrame() float64 {
	if len(e.starts) == 0 || e.name != "resp" && e.name != "fastdaemon" {
		return 1
	}
	units := 0
	for pos := e.starts[0]; pos < e.stuck; units++ {
		u, _, ok := e.unit.scan(e.data, pos)
		if !ok {
			break
		}
		pos += u.len()
	}
	return float64(units) / float64(len(e.starts))
}

// base is the evidence in so many frames that decode as they are.
func (e *examination) base(frames int) float64 {
	if e.chain == nil {
		return 0
	}
	return float64(frames-e.emptiesIn(frames))*e.perFrame*e.chain.bits + e.chain.like.before(frames, e.frames)
}

// emptiesIn counts those of so many good frames which prove nothing: zeros make as many
// empty ones as one likes.
func (e *examination) emptiesIn(frames int) int {
	if e.empties == nil {
		e.empties = make([]int, len(e.starts)+1)
		for i, start := range e.starts {
			e.empties[i+1] = e.empties[i]
			if u, _, ok := e.unit.scan(e.data, start); ok && e.wholeFrames() {
				e.empties[i+1] += 1 - int(proof(e.unit, u))
			}
		}
	}
	i := max(0, frames-(e.frames-len(e.starts)))
	return e.empties[min(i, len(e.empties)-1)]
}

// oneFrame tries repairs of the one frame at start, before which there are so
// many good ones.
func (e *examination) oneFrame(start, before int) {
	var st unitState
	for pos := start; pos < len(e.data); {
		u, _, ok := e.unit.scan(e.data, pos)
		if !ok {
			e.otherReadings(pos, start, before)
			break
		}
		if u.counted {
			e.oneUnit(pos, u, start, before)
		}
		pos += u.len()
		if e.unit.ends(&st, e.data, pos-u.len(), u) || pos-start > chainBefore {
			break
		}
	}
}

// lineUncounted speaks against a whole line of text being the end of a body.
const lineUncounted = 4

// oneUnit tries other lengths of the unit at pos.
func (e *examination) oneUnit(pos int, u unit, start, before int) {
	body := pos + u.head
	claimed := pos + u.len()
	reading, units := false, e.unit
	try := func(next int, tail int, prior float64, say func() Explanation) {
		if next <= pos || next == claimed && tail == u.tail || next > len(e.data) || next-tail < body {
			return
		}
		if tail == u.tail && !units.tailOK(e.data, u, body, next-tail) {
			return
		}
		hops, whole := e.chain.at(next)
		if hops == 0 && !(whole && next == len(e.data)) {
			return
		}
		bits := e.base(before+1) + e.chain.evidence(next) + prior + e.startPrior(next)
		if next == len(e.data) && reading {
			bits = e.base(before+1) + e.chain.last + prior // another length ends exactly there by chance only
		} else if next == len(e.data) { // the stream may as well be cut off
			bits = e.base(before) + e.lastPrior(next, claimed, u) + prior
		}
		if e.worth(bits) {
			x := say()
			x.Then = int(hops) + 1
			x.frame, x.unit, x.resume = start, pos, next
			e.add(x, start, before, bits)
		}
	}
	alone := e.frames == 0 // a head that is counted is so in every frame
	for _, utf16 := range []bool{false, true} {
		if end := passText(e.data, body, u.body, utf16); end > body+u.body {
			try(end+u.tail, u.tail, 1, func() Explanation { return e.chars(u.body, end-body, utf16, "this frame") })
		}
	}
	whole := !e.binary() && u.tail > 0 && claimed <= len(e.data) && e.unit.tailOK(e.data, u, body, claimed-u.tail) // as it is
	for d := -8; d <= 8; d++ {
		prior := e.shiftPrior(d, u, pos) - 1
		if whole {
			prior -= endOfFrame
		}
		if end := claimed + d - u.tail; d <= -3 && end > body && end <= len(e.data) {
			prior = -5 - 6*missing(d, u.body) - e.cutPrior(e.data[body:end])
		} else if d >= wordLeast && end <= len(e.data) && end-d >= body && lineLike(e.data[end-d:end]) {
			prior -= lineUncounted
		}
		try(claimed+d, u.tail, prior, func() Explanation { return e.shiftExplanation(d, u, pos, alone && claimed+d == len(e.data)) })
	}
	if u.head > 8 {
		for _, d := range []int{-u.head, u.head} {
			try(claimed+d, u.tail, -4, func() Explanation { return e.shiftExplanation(d, u, pos, alone && claimed+d == len(e.data)) })
		}
	}
	if u.tail > 0 && !e.endsWith(body, claimed-u.tail, u) {
		try(claimed-u.tail, 0, e.untailedPrior(), func() Explanation {
			return Explanation{
				Cause:  CauseMissingSeparator,
				Detail: fmt.Sprintf("behind the %d bytes of the body, the %d bytes that end the frame are missing", u.body, u.tail),
				Repair: "write what ends the frame",
			}
		})
	}
	reading = true
	for _, alt := range e.alternatives() {
		if v, _, ok := alt.unit.scan(e.data, pos); ok && v.body <= e.max && v.body > 0 {
			units = alt.unit
			try(pos+v.len(), v.tail, readingPrior(alt.cause), func() Explanation { return alt.explanation(u.body, v.body, "this frame") })
		}
	}
	reading, units = false, e.unit
	if w := e.width; w == 1 || w == 2 {
		for k, size := 1, 1<<(8*w); k < 256 && claimed+k*size <= len(e.data); k++ {
			try(claimed+k*size, u.tail, -4-math.Log2(float64(k)), func() Explanation {
				return Explanation{
					Cause:  CauseWidth,
					Detail: fmt.Sprintf("the length overflowed: %d is %d without what does not fit %d bits", u.body, u.body+k*size, 8*w),
					Repair: "use a wider length field, or shorter messages",
				}
			})
		}
	}
	e.cutShort(pos, u, start, before)
}

// otherReadings tries the other length fields where the one at hand is no length at
// all.
func (e *examination) otherReadings(pos, start, before int) {
	for _, alt := range e.alternatives() {
		v, _, ok := alt.unit.scan(e.data, pos)
		if !ok || v.body > e.max || v.body == 0 || e.truncated() {
			continue
		}
		next := pos + v.len()
		hops, whole := e.chain.at(next)
		if next > len(e.data) || hops == 0 && !(whole && next == len(e.data)) {
			continue
		}
		x := alt.explanation(0, v.body, "this frame")
		x.Detail = fmt.Sprintf("read as %s the length is %d, not beyond all bounds (this frame)", alt.spelling, v.body)
		x.Then, x.frame, x.unit, x.resume = int(hops)+1, start, pos, next
		e.add(x, start, before, e.base(before+1)+e.chain.evidence(next)+readingPrior(alt.cause))
	}
}
