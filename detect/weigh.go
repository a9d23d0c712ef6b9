package detect

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// weighAll weighs rules on all processors: it is half of the work.
func weighAll(list []survivor, streams []Stream) []claim {
	claims := make([]claim, len(list))
	var next atomic.Int64
	var working sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		working.Go(func() {
			costs := newHistograms(streams)
			for i := int(next.Add(1)) - 1; i < len(list); i = int(next.Add(1)) - 1 {
				r := list[i].rule
				claims[i] = weigh(&r, streams, costs)
			}
		})
	}
	working.Wait()
	return claims
}

// weigh says how much speaks for a rule that tiles the streams.
func weigh(r *rule, streams []Stream, costs *histograms) claim {
	c := r.follow(streams, nil)
	c.sum()
	t := newTable(&c, streams)
	l := layoutOf(r, t)
	out := claim{chain: c.hash, rule: r, starts: c.starts, shortest: c.shortest(), single: c.frames == 1, equal: t.distinct <= 1}
	out.Framing, out.SameAs = r.spelling(l), append(r.spellings(l), presetsOf(r)...)
	out.zeros = t.zerosBeside(r)
	out.Frames, out.Cut = c.frames, c.cut
	for _, list := range c.starts {
		out.Bytes += int64(list[len(list)-1])
	}
	proofs := min(t.fresh, 1+2*t.changes)
	hop := r.surprise(&c, streams, 1, costs.on)
	if pace := c.pace(); pace > 1 {
		hop = min(hop, r.surprise(&c, streams, pace, costs.on))
	}
	hops := min(float64(proofs)*hop, mostHops)
	anywhere := costs.paced(c.pace())
	crowd := t.lengthSaving(r, anywhere)
	texts, text := t.textProof(l)
	textless := r.againstText(&c, streams)
	if textless > 0 {
		texts = 0
	}
	out.lows, out.fields = c.fields(streams)
	out.hop, out.around = hop, t.zerosAround(r)
	crowd = min(crowd, mostContent, crowdEach*float64(t.distinct)) // a chain that goes round in few lengths is caught in them

	out.places = min(t.savings(r, anywhere), mostPlaces)
	if texts == 0 && t.short(r) {
		crowd, out.places = crowd/2, out.places/2
	}
	out.proof = max(hops, crowd, min(texts, mostContent))
	out.bits = out.proof + out.places - textless - r.cost()
	if l.magic != "" && marksOff(l.magic, streams, c.frames+c.cut) {
		out.bits += markBits
		out.marked = true
	}
	if l.check != "" {
		out.bits += float64(8*l.tail*min(t.summed(l), 8)) - 4
	}
	for i, list := range c.starts {
		s := &streams[i]
		n := len(list) - 1
		switch end := list[n]; {
		case end == len(s.Data) && n >= 2:
			bits := math.Log2(float64(end) / float64(n))
			if !s.Ended {
				bits /= 2 // it only happens to be cut between frames
			}
			out.bits += bits
		case end < len(s.Data) && len(s.Data) == len(s.seen()) && s.Ended:
			out.bits -= missingEnd
			out.leftHead = out.leftHead || len(streams) == 1 && r.turned(s.Data, end)
		}
		if list[n] < len(s.Data) && t.grown(r, s.Data[list[n]:]) {
			out.bits = -mostHops
		}
	}
	if r.kind.width <= 2 && c.emptyInTurn(streams) {
		out.bits -= emptyTurns
	}
	if out.equal && t.spellsOut(r, &c) {
		out.bits += spelledOut
	}
	out.Evidence = describe(t, l, text)
	return out
}

// spellsOut reports whether the frames are a length that is no text, and then text.
func (t *table) spellsOut(r *rule, c *chain) bool {
	if !r.plain() || c.cut > 0 || c.frames < fewFrames || !t.text(0, 0) {
		return false
	}
	head := t.rows[0][:t.heads[0]]
	return len(head) < len(t.rows[0]) && !isText(head)
}
