package detect

import (
	"fmt"
	"math"
)

// outsized is how many times as long as others a frame is that is hardly meant.
const outsized = 4

// cutShort looks for a frame that begins inside the body of the unit at pos.
func (e *examination) cutShort(pos int, u unit, start, before int) {
	body, claimed := pos+u.head, pos+u.len()
	best, bits := -1, 0.0
	if u.body > e.max || u.body == 0 {
		return // that is no length
	}
	for p := body; p < min(claimed, len(e.data), body+chainMost); p++ {
		if hops, whole := e.chain.at(p); hops == 0 || !whole && hops < 3 {
			continue
		}
		if v, _, _ := e.unit.scan(e.data, p); v.weak {
			continue
		}
		if b := e.chain.evidence(p); best < 0 || b > bits {
			best, bits = p, b
		}
	}
	if c, ok := e.unit.(*codecUnits); best < 0 || claimed-best <= 2 && !(ok && c.checked) {
		return // a length that is wrong by so little is told as such, but where a sum is wrong too
	}
	if e.width > 0 && textual(e.data[pos:best]) {
		bits -= 8 + e.chain.bits // the head is text as well: a length is not
	}
	bits -= max(0, math.Log2(float64(min(claimed, len(e.data))-body))-4) // so many places were tried
	if e.strange(pos) {
		bits -= 8
	}
	if claimed > len(e.data) || e.frames >= fewFrames && claimed-pos > outsized*len(e.data)/e.frames {
		bits -= e.beyond(claimed - pos)
	}
	hops, _ := e.chain.at(best)
	e.add(Explanation{
		Cause: CauseShortRead,
		Detail: fmt.Sprintf("a frame begins inside the body: of its %d bytes %d are there, then the head of the next frame",
			u.body, best-body),
		Repair: "what wrote this took one read for one message: read until all bytes of the length have come",
		Then:   int(hops),
		frame:  start, resume: best,
	}, start, before, e.base(before+1)+bits-5-4*(1-missing(claimed-best, u.body))+e.cutPrior(e.data[body:best]))
}
