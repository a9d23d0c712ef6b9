package detect

import (
	"bytes"
	"fmt"
	"math"
)

const (
	insideLeast = 6
	insideMost  = 4 << 10 // bytes of a line that was written into a body
	insideTried = 64      // places of it

	insideResumed = 16 // places where frames may go on
)

// insideBefore looks for a line of text in the middle of the frame at start, behind
// which the next was expected at next: wherever frames go on there.
func (e *examination) insideBefore(start, next, before int) {
	tried := 0
	for p := next + insideLeast; p <= min(e.chain.hi, next+insideMost) && tried < insideResumed; p++ {
		if hops, whole := e.chain.at(p); whole && (hops > 0 || p == len(e.data)) {
			e.inside(start, p, before)
			tried++
		}
	}
}

// inside looks for a line of text that was written into the middle of the frame at
// start: without it the frame ends where its length says, and the next begins at
// resume. So many bytes as are too many there must the line have.
func (e *examination) inside(start, resume, before int) {
	u, _, ok := e.unit.scan(e.data, start)
	if !ok || !u.counted || !e.binary() || !e.wholeFrames() {
		return
	}
	body, end := start+u.head, resume-u.tail
	size := end - body - u.body
	if size < insideLeast || size > insideMost || u.body == 0 || u.body > chainBehind {
		return
	}
	if isObject(e.data[body : body+u.body]) {
		return // it is whole
	}
	best, bits := -1, math.Inf(-1)
	tried := 0
	for at := end; at > body && tried < insideTried; tried++ {
		i := bytes.LastIndexByte(e.data[body:at], '\n')
		if at = body + i; i < 0 {
			break
		}
		if claimed := body + u.body; claimed <= at && at < claimed+u.tail+u.head {
			continue // the frame may end as it says, and this be its tail or the next head
		}
		from := at + 1 - size
		line := e.data[max(from, 0) : at+1]
		if from <= body || at+1 >= end || !lineLike(line) || !e.unit.tailOK(e.data, u, body, end) {
			continue
		}
		b := e.lineBits(line)
		if hops, whole := e.chain.at(at); whole && hops > 0 {
			b -= feedLength // it may be a length of 10
		}
		if e.chain.like != nil {
			b += e.chain.textBits(line)
		}
		whole := append(append([]byte(nil), e.data[body:from]...), e.data[at+1:end]...)
		if isObject(whole) {
			b += wholeValue
		}
		if b > bits {
			best, bits = from, b
		}
	}
	if best < 0 {
		return
	}
	line := e.data[best : best+size]
	hops, _ := e.chain.at(resume)
	e.add(Explanation{
		Cause:  CauseForeignBytes,
		Detail: fmt.Sprintf("%s to no frame stand inside the body of this one, %d bytes from its start: %s", belonging(size), best-start, excerpt(line)),
		Repair: "find out what else writes to this stream: a log line on stdout, say, printed while a frame was written",
		Then:   int(hops) + 1,
		frame:  start, unit: start, resume: resume,
	}, start, before, e.base(before)+e.chain.bits+e.chain.evidence(resume)+e.startPrior(resume)+bits-insidePrior-math.Log2(float64(u.body))/2)
}

// feedLength speaks against a line end from which on frames follow one another.
const feedLength = 4

// insidePrior is how much less likely a line is inside a frame than between two.
const insidePrior = 5

// lineLike reports whether b is text that ends with a line, and begins as words do.
func lineLike(b []byte) bool {
	return len(b) > 0 && b[0] > ' ' && textual(b) && b[len(b)-1] == '\n'
}
