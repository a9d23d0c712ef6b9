package detect

import (
	"fmt"
	"math"
	"strings"

	"github.com/chancat/channel/frame"
)

// A bodyRule says where the body of a unit ends that begins at data[start:]; negative
// for nowhere.
type bodyRule func(u unit, pos int) (end int)

// A walk is how far a rule leads.
type walk struct {
	frames int // that decode by it
	whole  bool
	start  int // the first frame of which the rule says otherwise than the framing; -1 for none
	before int // frames before it
	pos    int // its unit
	unit   unit
	proofs int     // units that prove something
	like   float64 // evidence in how alike frames are
	places int     // frames of which the rule says otherwise
	bytes  bool    // every head is one byte
}

// manyFrames is how many frames are walked over that prove nothing.
const manyFrames = 1 << 16

// follow decodes the stream by units and r.
func (e *examination) follow(units unitScanner, r bodyRule, limit int) walk {
	w := walk{start: -1}
	var st unitState
	start, uncounted := 0, 0
	for pos := 0; ; {
		if pos == start && pos >= limit {
			w.whole = true
			return w
		}
		u, cut, ok := units.scan(e.data, pos)
		if !ok {
			w.whole = pos == len(e.data) && pos == start || cut && !e.ended
			return w
		}
		body := pos + u.head
		end := body + u.body
		if u.counted {
			uncounted = -manyFrames
			if end = r(u, pos); end < body || end-body > e.max {
				return w
			}
		} else if uncounted++; uncounted > manyFrames {
			return w // lengths have nothing to do with it
		}
		next := end + u.tail
		if next > len(e.data) {
			w.whole = !e.ended
			return w
		}
		if !units.tailOK(e.data, u, body, end) || next == pos {
			return w
		}
		if end != body+u.body {
			if w.places++; w.start < 0 {
				w.start, w.before, w.pos, w.unit = start, w.frames, pos, u
			}
		}
		w.proofs += int(proof(units, u))
		if e.chain != nil {
			w.like += e.chain.like.at(pos, unit{head: u.head, body: end - body, tail: u.tail})
		}
		done := units.ends(&st, e.data, pos, u)
		pos = next
		if done {
			if w.frames++; w.frames%manyFrames == 0 && w.proofs*4 < w.frames {
				return w // zeros make as many empty frames as one likes
			}
			start = pos
		}
	}
}

// uniform tries rules that are wrong in every frame.
func (e *examination) uniform() {
	e.shifts()
	for _, utf16 := range []bool{false, true} {
		w := e.follow(e.unit, func(u unit, pos int) int { return passText(e.data, pos+u.head, u.body, utf16) }, e.chain.hi)
		if w.start >= 0 {
			body := w.pos + w.unit.head
			size := passText(e.data, body, w.unit.body, utf16) - body
			x := e.chars(w.unit.body, size, utf16, "every frame whose text is not ASCII")
			if w.places == 1 {
				x = e.chars(w.unit.body, size, utf16, "the first frame whose text is not ASCII")
			}
			e.addWalk(x, w, e.chain.bits, 0.5)
		}
	}
	e.untailed()
	e.decimals()
	e.radix()
	for _, a := range e.alternatives() {
		w := e.follow(a.unit, func(u unit, pos int) int { return pos + u.head + u.body }, e.chain.hi)
		if w.frames == 0 {
			continue
		}
		e.depart(&w, a.unit)
		if w.start < 0 {
			continue
		}
		mine, _, _ := e.unit.scan(e.data, w.start)
		theirs, _, _ := a.unit.scan(e.data, w.start)
		if mine.body == theirs.body && theirs.head < mine.head && e.frames > 0 {
			continue // it only leaves zeros of the length to the body
		}
		prior := -2 + alternativePrior(a.cause)
		if w.proofs < 3 {
			prior -= 4
		}
		if d := theirs.head - mine.head; d > 0 && mine.body == theirs.body && w.start == 0 && w.frames >= fewFrames {
			same := e.follow(e.unit, func(u unit, pos int) int { return pos + u.head + u.body + d }, e.chain.hi)
			if same.frames == w.frames && same.start == 0 {
				// The same frames, of which the lengths are too short by as many bytes: what
				// speaks for one speaks for the other, but for what stands in them.
				e.addWalk(a.explanation(mine.body, theirs.body, "every frame"), same, e.chain.bits, prior+e.widerBits(mine, d))
				continue
			}
		}
		bits := e.sample(a.unit)
		if a.cause == CauseByteOrder {
			bits = max(bits, e.chain.bits) // which is as wide
		}
		e.addWalk(a.explanation(mine.body, theirs.body, "every frame"), w, bits, prior)
	}
}

func alternativePrior(c frame.Cause) float64 {
	if c == CauseByteOrder {
		return 0
	}
	return -1.5
}

// shifts tries lengths that are wrong by the same number everywhere.
func (e *examination) shifts() {
	for d := -8; d <= 8; d++ {
		if d != 0 {
			e.shift(true, func(unit) int { return d })
		}
	}
	e.shift(false, func(u unit) int { return -u.head })
	e.shift(false, func(u unit) int { return u.head })
	e.shift(false, func(u unit) int { return -u.head - u.tail })
}

func (e *examination) shift(constant bool, by func(unit) int) {
	w := e.follow(e.unit, func(u unit, pos int) int { return pos + u.head + u.body + by(u) }, e.chain.hi)
	if w.start < 0 {
		return
	}
	d := by(w.unit)
	ending := constant && d > 0 && w.places >= fewFrames && e.endAlike(d)
	x := e.shiftExplanation(d, w.unit, w.pos, (e.width > 0 || !constant || e.name == "ws") && !ending)
	x.Detail = strings.Replace(x.Detail, "this frame", "every frame", 1)
	prior := e.shiftPrior(d, w.unit, w.pos)
	if ending {
		prior = max(prior, -1) + endingAlike
	}
	switch {
	case x.Cause == CauseHeaderCounted:
		x.Framing = e.inclSpelling()
	case constant:
		x.Framing = e.shiftedSpelling(d, ending)
	}
	if d == -w.unit.head-w.unit.tail && w.unit.tail > 0 && (d < -2 || e.binary()) {
		x.Cause = CauseHeaderCounted
		x.Detail = fmt.Sprintf("the length counts the whole frame, head and tail: %d bytes more than the body (every frame)", -d)
		prior = -2
	}
	if w.places == 1 {
		prior -= 2
		if d > 0 && e.err != nil && e.err.Cause == frame.CauseSyntax && e.stuckAt()-e.stuck > len("\r\n") {
			prior -= begunRight
		}
		body := w.pos + w.unit.head
		if d > 0 && w.before+1 == w.frames && isObject(e.data[body:min(len(e.data), body+w.unit.body)]) {
			prior -= wholeValue
		}
		if end := w.pos + w.unit.len() + d - w.unit.tail; d < 0 && w.before+1 == w.frames {
			switch rest := e.data[body:end]; {
			case unfinished(rest):
				prior -= 10
			case !isObject(rest):
				prior -= cutShort // that its end is missing is what a person would say
			}
		}
	}
	e.addWalk(x, w, e.chain.bits, prior)
}

// begunRight is the evidence that a frame ends where its length says, when what stands
// there begins as frames do, and more than a line end of it.
const begunRight = 8

// cutShort is the evidence that the last frame lacks its end, where nothing tells that
// what is there of it is whole.
const cutShort = 3

// widerBits is the evidence in that d zeros stand behind the length of each frame, as
// they do in a wider one that is little-endian: nothing where they are bytes of the head
// anyway, and more where text follows them, which does not begin so.
func (e *examination) widerBits(u unit, d int) float64 {
	const zeros, beforeText = 3, 4
	l, ok := e.layout()
	if !ok || u.head-l.at-l.width >= d {
		return 0
	}
	texts := 0
	for pos, frames := 0, 0; pos < len(e.data) && frames < lessons; frames++ {
		u, _, ok := e.unit.scan(e.data, pos)
		next := pos + u.len() + d
		if !ok || next > len(e.data) {
			break
		}
		if !textual(e.data[pos+u.head+d : next-u.tail]) {
			return zeros
		}
		texts++
		pos = next
	}
	if texts < fewFrames {
		return zeros
	}
	return zeros + beforeText
}

// endingAlike is the evidence in that the bytes which are not counted are the same in
// all frames: something ends them.
const endingAlike = 3

// endAlike reports whether the first frames, which are d bytes longer than their lengths
// say, end in the same d bytes, which are a line end or zeros.
func (e *examination) endAlike(d int) bool {
	frames := 0
	for pos := 0; pos < len(e.data) && frames < lessons; frames++ {
		u, _, ok := e.unit.scan(e.data, pos)
		end := pos + u.head + u.body + d
		if !ok || end+u.tail > len(e.data) {
			break
		}
		switch string(e.data[end-d : end]) {
		case "\n", "\r\n", "\x00", "\r\n\r\n", "\n\n":
		default:
			return false
		}
		pos = end + u.tail
	}
	return frames >= fewFrames
}

// bareUnits are units without what ends them.
type bareUnits struct{ unitScanner }

func (b bareUnits) scan(data []byte, pos int) (u unit, cut, ok bool) {
	u, cut, ok = b.unitScanner.scan(data, pos)
	u.tail = 0
	return u, cut, ok
}

// untailed tries frames of which none has its end.
func (e *examination) untailed() {
	u, _, ok := e.unit.scan(e.data, 0)
	if c, fixed := e.unit.(*codecUnits); !ok || fixed && c.literal == "" || e.frames > 0 {
		return
	}
	if _, strings := e.unit.(stringUnits); strings || u.tail == 0 && e.name != "resp" {
		return
	}
	w := e.follow(bareUnits{e.unit}, func(u unit, pos int) int { return pos + u.head + u.body }, e.chain.hi)
	if w.frames == 0 || !w.whole {
		return
	}
	if end := u.head + u.body; e.unit.tailOK(e.data[:end], u, 0, end-u.tail) && u.body >= u.tail {
		return // it is there, and counted
	}
	w.start = 0
	e.addWalk(Explanation{
		Cause:  CauseMissingSeparator,
		Detail: "the bytes that end a frame are missing behind the body (every frame)",
		Repair: "write what ends the frame",
	}, w, max(e.chain.bits, 4), -2)
}

// addWalk adds an explanation by which w was made, with the evidence in each of
// its frames.
func (e *examination) addWalk(x Explanation, w walk, bits, prior float64) {
	if w.frames <= w.before {
		return
	}
	x.Then = w.frames - w.before
	evidence := float64(w.proofs) * bits
	evidence += w.like
	if w.whole {
		evidence += e.chain.last
	} else {
		evidence -= 4
	}
	e.add(x, w.start, w.before, evidence+prior)
}

// depart finds the first frame that units and the framing at hand divide
// differently.
func (e *examination) depart(w *walk, units unitScanner) {
	for pos, before := 0, 0; before < w.frames; before++ {
		u, _, ok := units.scan(e.data, pos)
		mine, _, same := e.unit.scan(e.data, pos)
		if !ok {
			return
		}
		if !same || mine.len() != u.len() {
			w.start, w.before, w.pos, w.unit = pos, before, pos, u
			return
		}
		pos += u.len()
	}
}

const samples = 4096

// sample is the evidence in one frame of units, by what random places of the
// stream look like to them.
func (e *examination) sample(units unitScanner) float64 {
	step := max(1, len(e.data)/samples)
	valid, places := 0, 0
	for p := 0; p < len(e.data); p += step {
		places++
		u, _, ok := units.scan(e.data, p)
		if ok && u.body <= e.max && p+u.len() <= len(e.data) && units.tailOK(e.data, u, p+u.head, p+u.head+u.body) {
			valid++
		}
	}
	q := (float64(valid) + 0.5) / (float64(places) + 8)
	return max(0.002, min(30, -math.Log2(q)))
}
