package detect

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
)

const (
	foreignLast  = 16 // frames before the stuck one at which foreign bytes are looked for
	foreignFirst = 4  // and at the start of the window, and where frames cease to be alike
)

// foreign looks for the place where frames go on behind bytes that are none. Where any
// byte may begin a frame, they may have been read as many of them.
func (e *examination) foreign() {
	e.foreignAt(e.stuck, e.frames)
	if u, _, ok := e.unit.scan(e.data, e.stuck); ok {
		e.insideBefore(e.stuck, e.stuck+u.len(), e.frames)
	}
	n := len(e.starts)
	last := max(0, n-foreignLast)
	for i := n - 1; i >= last; i-- {
		e.foreignAt(e.starts[i], e.frames-n+i)
	}
	if e.chain.like == nil || !e.chain.like.weak {
		return
	}
	first, _ := slices.BinarySearch(e.starts, e.chain.lo)
	turn := e.chain.like.turn()
	for i := first; i < last; i++ {
		if i < first+foreignFirst || i > turn-foreignFirst && i < turn+foreignFirst {
			e.foreignAt(e.starts[i], e.frames-n+i)
		}
	}
}

// properHead is what a head in text at most speaks against what it begins being foreign.
const properHead = 12

// framesWithin bounds the frames in a gap that are held against it.
const framesWithin = 8

// gapMost is more than ever speaks for bytes between frames by how they look.
const gapMost = 16

// endOfFrame speaks against bytes being foreign that end as a frame does.
const endOfFrame = 8

func (e *examination) foreignAt(start, before int) {
	if start < e.chain.lo {
		return
	}
	best, bits := -1, math.Inf(-1)
	within := int32(0) // the longest chain that begins in the gap, and breaks
	end := min(e.chain.hi, start+chainBehind)
	text := start + textUpTo(e.data[start:end]) // looked for once: a place for frames may be anywhere
	for p := start + 1; p < end; p++ {
		hops, whole := e.chain.at(p)
		if hops == 0 || !whole && hops < 2 {
			continue
		}
		if evidence := e.chain.evidence(p); evidence+gapMost > bits {
			textual := p < text && utf8.RuneStart(e.data[p]) || p == text
			b := evidence + e.gapPrior(e.data[start:p], textual) + e.startPrior(p)
			if within > 1 {
				b -= float64(min(within-1, framesWithin)) * e.chain.bits // what holds frames is not foreign
			}
			if b > bits {
				best, bits = p, b
			}
		}
		if !whole {
			within = max(within, hops)
		}
	}
	if best < 0 {
		return
	}
	if i, ok := slices.BinarySearch(e.starts, start); before > 0 && i > 0 && (ok || start == e.stuck) {
		e.insideBefore(e.starts[i-1], start, before-1)
	}
	gap := e.data[start:best]
	if u, _, ok := e.unit.scan(e.data, start); ok && u.counted && (!e.binary() || u.len() >= len(gap) && start+u.len() <= len(e.data)) {
		bits -= min(e.chain.bits, properHead) // it begins as a frame does
	}
	if u, _, ok := e.unit.scan(e.data, start); ok && len(gap) > u.head+u.tail {
		u.body = len(gap) - u.head - u.tail
		bits -= max(0, e.chain.like.begins(start, u)) // it is as frames are
	}
	if c, ok := e.unit.(*codecUnits); ok && before > 0 && c.line == "" && c.literal != "" && bytes.HasSuffix(gap, []byte(c.literal)) {
		bits -= endOfFrame
	}
	if before > 0 && e.halfValue(start) || e.halfFrame(start, best) {
		bits -= wholeValue
	}
	hops, _ := e.chain.at(best)
	x := Explanation{
		Cause:  CauseForeignBytes,
		Detail: fmt.Sprintf("%s to no frame: %s", belonging(len(gap)), excerpt(gap)),
		Repair: "find out what else writes to this stream: a log line on stdout, say; 'decode --keep-going' passes over it",
		Then:   int(hops),
		frame:  start, resume: best,
	}
	if start == e.stuck && e.err.Cause == frame.CauseTooLarge && e.deliberate(gap) || e.tooLargeText(start) {
		x.Cause = frame.CauseTooLarge
		x.Detail = e.err.Err.Error() + "; frames go on behind it"
		x.Repair = "write the length of the body; if it is meant, raise the limit: max=SIZE behind the framing"
		bits += 2
		if e.width == 0 {
			bits += 3
		}
	}
	if s, ok := e.protocolAt(gap); ok && x.Cause == CauseForeignBytes {
		x.Cause, x.Detail, x.Repair = frame.CauseWrongProtocol, s.name+", and frames behind it", s.repair
	}
	if start == e.stuck && (e.err.Cause == frame.CauseBadDigits && e.badDigits(gap) || e.onlyNumber()) {
		x.Cause = frame.CauseBadDigits
		x.Detail = e.err.Err.Error()
		x.Repair = "write the length as the framing asks"
		bits += 4
	}
	e.add(x, start, before, e.base(before)+bits)
}

// halfValue reports whether the good frame before start holds the beginning of a JSON
// value, and not all of it: then what follows is the rest.
func (e *examination) halfValue(start int) bool {
	i, ok := slices.BinarySearch(e.starts, start)
	if !ok && start != e.stuck || i == 0 {
		return false
	}
	pos := e.starts[i-1]
	u, _, ok := e.unit.scan(e.data, pos)
	end := pos + u.head + u.body
	return ok && end <= len(e.data) && u.body < chainBehind && unfinished(e.data[pos+u.head:end])
}

// halfFrame reports whether what stands between start and end is the head of a frame
// and half a JSON value, where the others hold whole ones.
func (e *examination) halfFrame(start, end int) bool {
	if len(e.starts) == 0 || e.starts[0] >= start {
		return false
	}
	u, _, ok := e.unit.scan(e.data, start)
	if !ok || !u.counted || start+u.head > end || end-start > chainBehind || !unfinished(e.data[start+u.head:end]) {
		return false
	}
	first, _, ok := e.unit.scan(e.data, e.starts[0])
	body := e.starts[0] + first.head
	return ok && isObject(e.data[body:min(len(e.data), body+first.body)])
}

// deliberate reports whether the length that gap begins with was written to be too
// large, and is not what happened to stand there: hardly a byte of it is odd.
func (e *examination) deliberate(gap []byte) bool {
	l, ok := e.layout()
	if !ok || l.width == 0 || len(gap) < l.at+l.width {
		return !textual(gap[:min(len(gap), 4)])
	}
	if swapped := swap(gap[l.at : l.at+l.width]); swapped+uint64(l.extra) == uint64(len(gap)) {
		return false // it is right in the other byte order
	}
	if !e.leadsAlike(gap[:l.at]) {
		return false
	}
	if u, _, ok := e.unit.scan(e.data, e.stuck); ok && len(gap) > u.head+u.tail && e.bodyBehind(gap, u) {
		return true
	}
	odd := 0
	for _, c := range gap[l.at : l.at+l.width] {
		if c != 0 && c != 0xff && c != 0x7f && c != 0x80 {
			odd++
		}
	}
	return odd <= 1 || odd <= l.width/4
}

// leadsAlike reports whether lead, which stands before a length, stands before those of
// good frames, if any one thing does.
func (e *examination) leadsAlike(lead []byte) bool {
	if len(e.starts) < 2 {
		return true
	}
	at := func(start int) []byte { return e.data[start : start+len(lead)] }
	first, last := at(e.starts[0]), at(e.starts[len(e.starts)-1])
	return !bytes.Equal(first, last) || bytes.Equal(first, lead)
}

// bodyBehind reports whether the rest of gap, behind the head of u, is what a body of
// this stream looks like, and not what a program prints.
func (e *examination) bodyBehind(gap []byte, u unit) bool {
	const words, much = 8, 64
	u.body = len(gap) - u.head - u.tail
	body := gap[u.head : u.head+u.body]
	switch {
	case strings.Contains(e.field, "magic="):
		return true
	case textual(gap[:u.head]):
		return false
	case isObject(body), e.chain.like.holds(e.stuck, u):
		return true
	}
	return len(body) >= much || len(body) >= words && textual(body)
}

// swap reads b as a big-endian number if it is little-endian, and the other way round,
// whichever is less.
func swap(b []byte) uint64 {
	big, little := uint64(0), uint64(0)
	for i := range b {
		big = big<<8 | uint64(b[i])
		little = little<<8 | uint64(b[len(b)-1-i])
	}
	return min(big, little)
}

// tooLargeText reports whether the frame at start is whole but for a claim in text
// that is over the limit.
func (e *examination) tooLargeText(start int) bool {
	return start == e.stuck && e.err.Cause == frame.CauseTooLarge && e.width == 0
}

// gapPrior is how likely bytes between frames look like that; textual says whether
// they are text.
func (e *examination) gapPrior(gap []byte, textual bool) float64 {
	size := math.Log2(float64(len(gap))) / 4
	switch {
	case textual && gap[len(gap)-1] == '\n' && len(gap) > 8:
		return -3 - size + max(e.lineBits(gap), e.chain.textBits(gap))
	case textual:
		return -5 - size + e.chain.textBits(gap)
	}
	return -8 - size - max(0, math.Log2(float64(len(gap)))-4)
}

// lineBits is the evidence in a line end at the end of gap: little where there are
// many in what surrounds it.
func (e *examination) lineBits(gap []byte) float64 {
	if e.feeds < 0 {
		e.feeds = bytes.Count(e.data[e.chain.lo:e.chain.hi], []byte{'\n'})
	}
	others := max(0, e.feeds-bytes.Count(gap[:min(len(gap), 4<<10)], []byte{'\n'}))
	most := 10.0
	if c, ok := e.unit.(*codecUnits); !ok || strings.HasSuffix(c.literal, "\n") {
		most = 6 // frames end so themselves
	}
	if len(e.starts) > 0 {
		u, _, ok := e.unit.scan(e.data, e.starts[0])
		if end := e.starts[0] + u.len(); ok && e.binary() && u.len() > 0 && end <= len(e.data) && e.data[end-1] == '\n' {
			most = 2
		}
	}
	return min(most, math.Log2(float64(e.chain.hi-e.chain.lo+8)/float64(others+1)))
}
