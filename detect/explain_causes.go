package detect

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/chancat/channel/frame"
)

// The causes that package frame does not know.
const (
	CauseChars            frame.Cause = "chars-not-bytes"
	CauseHeaderCounted    frame.Cause = "header-counted"
	CauseHeaderNotCounted frame.Cause = "header-not-counted"
	CauseByteOrder        frame.Cause = "byte-order"
	CauseWidth            frame.Cause = "width"
	CauseForeignBytes     frame.Cause = "foreign-bytes"
	CauseWrongFraming     frame.Cause = "wrong-framing"
	CauseShortRead        frame.Cause = "short-read"
	CauseMissingSeparator frame.Cause = "missing-separator"
	CausePrettyJSON       frame.Cause = "pretty-json"
)

// CauseOffBy is the cause off-by-N.
func CauseOffBy(n int) frame.Cause { return frame.Cause(fmt.Sprintf("off-by-%d", max(n, -n))) }

// explain finds the causes of what decode has found to be broken.
func (e *examination) explain(d *Diagnosis) {
	e.protocols()
	if e.err != nil {
		e.fallback()
		if e.unit != nil {
			e.lengths()
		} else {
			e.skip()
		}
		e.endings()
		e.digits()
		e.hexadecimals()
		e.limits()
		e.textBehind()
	}
	e.otherFramings()
	if e.err != nil {
		e.framingBehind()
	}
	e.detected()
	e.conclude(d)
}

// hopeless is how much weaker than the best an explanation is that nobody will read.
const hopeless = 24

// worth reports whether an explanation with so much evidence may be shown.
func (e *examination) worth(bits float64) bool { return len(e.found) == 0 || bits > e.top-hopeless }

// add takes in an explanation, if there is no better one of its cause. bits is the
// evidence for it, with what is known beforehand of its kind.
func (e *examination) add(x Explanation, offset, messages int, bits float64) {
	x.offset = e.place.Offset + int64(offset)
	x.messages = e.place.Messages + messages
	x.bits = bits
	x.Measured = true
	e.top = max(e.top, bits)
	for i := range e.found {
		if e.found[i].Cause == x.Cause {
			if e.found[i].bits < bits {
				e.found[i] = x
			}
			return
		}
	}
	e.found = append(e.found, x)
}

const (
	causesMost  = 5
	doubt       = 0.01 // belief left for what is not thought of
	scoreLeast  = 0.01 // of an explanation worth a line
	highestBits = 40   // differences beyond say nothing more
)

// conclude ranks what was found.
func (e *examination) conclude(d *Diagnosis) {
	if len(e.found) == 0 {
		return
	}
	slices.SortStableFunc(e.found, func(a, b Explanation) int {
		switch {
		case a.bits > b.bits:
			return -1
		case a.bits < b.bits:
			return 1
		}
		return 0
	})
	best := e.found[0]
	total := doubt
	if !best.Measured {
		total = 1
	}
	var kept []Explanation
	for _, x := range e.found {
		x.Score = math.Exp2(max(-highestBits, x.bits-best.bits))
		total += x.Score
		kept = append(kept, x)
	}
	for i := range kept {
		kept[i].Score = math.Round(100*kept[i].Score/total) / 100
	}
	for i, x := range kept {
		if i < causesMost && (i == 0 || x.Score >= scoreLeast) {
			e.recount(&x)
			d.Causes = append(d.Causes, x)
		}
	}
	d.OK = false
	d.Offset, d.Messages = best.offset, best.messages
	if e.err == nil {
		d.At = best.offset
		d.Start = best.offset
	}
}

// fallback explains by what the decoder said alone.
func (e *examination) fallback() {
	x := Explanation{Cause: e.err.Cause, Detail: e.err.Err.Error()}
	bits := -5.0
	switch x.Cause {
	case frame.CauseTruncated:
		x.Detail, bits = e.truncation(), -1+e.endPrior()
		if e.strange(e.stuck) {
			bits -= 12
		}
		x.Repair = e.finishing()
	case frame.CauseTooLarge:
		if e.strange(e.stuck) {
			bits = -9
		}
		x.Repair = "if that is a length, raise the limit: max=SIZE behind the framing; else the bytes are no head of a frame"
		bits += -1
		if body, ok := e.claim(); ok && e.peerLimit(body) != "" {
			x.Repair += "; " + e.peerLimit(body)
		}
	case frame.CauseLineEnding:
		x.Repair = "end the lines of the head in CR LF"
		bits = -3
		if at := e.stuckAt(); at > e.stuck && at < len(e.data) && e.data[at] == '\n' && e.data[at-1] == '\r' {
			bits = -12 // the CR is there, but was counted to what stands before it
		}
	case frame.CauseBadDigits:
		x.Repair = "write the length as the framing asks"
	case frame.CauseWrongProtocol:
		bits = -2
	default:
		if e.onlyNumber() {
			x.Cause, x.Repair = frame.CauseBadDigits, "write the length as the framing asks"
			break
		}
		if e.headersAlone() {
			x.Repair = "write Content-Length: N before the blank line, with the bytes of the body"
			break
		}
		if e.name == "jsonseq" && e.unseparated() {
			x.Cause, x.Repair = CauseMissingSeparator, "write RS (1e) before each value and LF behind it"
			break
		}
		x.Cause = CauseForeignBytes
		x.Detail = "no frame begins with these bytes: " + x.Detail
		x.Repair = "find out what else writes to this stream"
		bits = -7
	}
	e.add(x, e.stuck, e.frames, e.base(e.frames)+bits)
	for i := range e.found {
		e.found[i].Measured = e.found[i].Cause != x.Cause || e.found[i].Detail != x.Detail
	}
}

// headersAlone reports whether the stuck frame begins with header lines, and it is not
// their form that is wrong.
func (e *examination) headersAlone() bool {
	head := e.data[e.stuck:min(e.stuckAt(), len(e.data))]
	line, _, whole := bytes.Cut(head, []byte("\r\n"))
	return e.name == "lsp" && whole && bytes.IndexByte(line, ':') > 0
}

// claim is the body that the head of the stuck frame claims.
func (e *examination) claim() (body int, ok bool) {
	if e.unit == nil {
		return 0, false
	}
	u, _, ok := e.unit.scan(e.data, e.stuck)
	return u.body, ok
}

// endPrior is how likely the few bytes at the end are the start of a frame: frames
// that start alike tell.
func (e *examination) endPrior() float64 {
	rest := e.data[e.stuck:]
	if len(rest) == 0 || len(rest) > 8 || len(e.starts) == 0 {
		return 0
	}
	seen, kinds := e.startsSeen()
	switch {
	case seen[rest[0]], e.fewStarts():
		return 6
	case len(e.starts) >= fewFrames && kinds <= 1+len(e.starts)/8:
		return -30
	}
	return 0
}

// fewStarts reports whether few bytes of all can start a frame.
func (e *examination) fewStarts() bool {
	c, ok := e.unit.(*codecUnits)
	if !ok {
		return false
	}
	n := 0
	for _, can := range c.starts {
		if can {
			n++
		}
	}
	return n <= 16
}

// startsSeen returns the bytes with which the good frames begin, and how many.
func (e *examination) startsSeen() (seen *[256]bool, kinds int) {
	if e.begins == nil {
		e.begins = new([256]bool)
		for _, start := range e.starts {
			if b := e.data[start]; !e.begins[b] {
				e.begins[b] = true
				e.kinds++
			}
		}
	}
	return e.begins, e.kinds
}

// doubtful reports whether a stream that decodes may still be another protocol's:
// anything decodes as lines.
func (e *examination) doubtful() bool { return e.name == "line" && e.frames > 0 }
