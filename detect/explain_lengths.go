package detect

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
)

// lengths tries wrong lengths and foreign bytes.
func (e *examination) lengths() {
	e.width = e.fieldWidth()
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
		for i := range e.found { // a head is there, which proves what that of a whole frame does if its claim is as usual
			if e.found[i].Cause == frame.CauseTruncated {
				e.found[i].bits += e.chain.bits - e.beyond(u.len()) + e.startPrior(e.stuck)
				e.top = max(e.top, e.found[i].bits)
			}
		}
	}
	e.uniform()
	for i, start := range e.starts {
		if start >= lo {
			e.oneFrame(start, e.frames-len(e.starts)+i)
		}
	}
	e.oneFrame(e.stuck, e.frames)
	e.foreign()
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
	return float64(frames)*e.perFrame*e.chain.bits + e.chain.sense.before(frames, e.frames)
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

// oneUnit tries other lengths of the unit at pos.
func (e *examination) oneUnit(pos int, u unit, start, before int) {
	body := pos + u.head
	claimed := pos + u.len()
	try := func(next int, tail int, prior float64, say func() Explanation) {
		if next <= pos || next == claimed && tail == u.tail || next > len(e.data) || next-tail < body {
			return
		}
		if tail == u.tail && !e.unit.tailOK(e.data, u, body, next-tail) {
			return
		}
		hops, whole := e.chain.at(next)
		if hops == 0 && !(whole && next == len(e.data)) {
			return
		}
		bits := e.base(before+1) + e.chain.evidence(next) + prior + e.startPrior(next)
		if next == len(e.data) { // the stream may as well be cut off
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
	for d := -8; d <= 8; d++ {
		prior := e.shiftPrior(d, u, pos) - 1
		if end := claimed + d - u.tail; d <= -3 && end > body && end <= len(e.data) {
			prior = -5 - 6*missing(d, u.body) - e.cutPrior(e.data[body:end])
		}
		try(claimed+d, u.tail, prior, func() Explanation { return e.shiftExplanation(d, u, pos, alone && claimed+d == len(e.data)) })
	}
	if u.head > 8 {
		for _, d := range []int{-u.head, u.head} {
			try(claimed+d, u.tail, -4, func() Explanation { return e.shiftExplanation(d, u, pos, alone && claimed+d == len(e.data)) })
		}
	}
	if u.tail > 0 && !e.endsWith(claimed-u.tail, e.data[max(0, min(len(e.data), claimed)-u.tail):min(len(e.data), claimed)], u) {
		try(claimed-u.tail, 0, -3, func() Explanation {
			return Explanation{
				Cause:  CauseMissingSeparator,
				Detail: fmt.Sprintf("behind the %d bytes of the body, the %d bytes that end the frame are missing", u.body, u.tail),
				Repair: "write what ends the frame",
			}
		})
	}
	for _, alt := range e.alternatives() {
		if v, _, ok := alt.unit.scan(e.data, pos); ok && v.body <= e.max {
			try(pos+v.len(), v.tail, readingPrior(alt.cause), func() Explanation { return alt.explanation(u.body, v.body, "this frame") })
		}
	}
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

// startPrior is how likely a frame begins at pos, where the good ones begin alike.
func (e *examination) startPrior(pos int) float64 {
	const unlike = -8
	if pos >= len(e.data) || len(e.starts) < fewFrames {
		return 0
	}
	if seen, kinds := e.startsSeen(); kinds <= 1+len(e.starts)/8 && !seen[e.data[pos]] {
		return unlike
	}
	return 0
}

// readingPrior is how likely the length of one frame alone is to be read so.
func readingPrior(c frame.Cause) float64 {
	if c == CauseByteOrder {
		return -5
	}
	return -11 // who writes frames writes all of them with one width
}

// lastPrior is how likely it is that the last frame ends with the stream at next
// although its head says claimed, compared with a stream that is cut off.
func (e *examination) lastPrior(next, claimed int, u unit) float64 {
	end := max(0, next-u.tail)
	body := e.data[min(end, max(0, end-u.body-(next-claimed))):end]
	switch {
	case next > claimed && e.stuck < len(e.data) && len(e.starts) > 0 && e.prefixOfFrame(e.data[e.stuck:]):
		return -6
	case next > claimed:
		return e.chainBits()
	case isObject(body):
		return 6
	}
	return -2
}

func (e *examination) chainBits() float64 { return min(e.chain.bits, 2) }

// prefixOfFrame reports whether frames of this stream start with b.
func (e *examination) prefixOfFrame(b []byte) bool {
	last := e.starts[len(e.starts)-1]
	return bytes.HasPrefix(e.data[last:], b)
}

// endsWith reports whether the bytes before end are those that end a frame.
func (e *examination) endsWith(end int, _ []byte, u unit) bool {
	from := end - u.tail
	return from >= 0 && end <= len(e.data) && e.unit.tailOK(e.data[:end], u, 0, from)
}

// cutShort looks for a frame that begins inside the body of the unit at pos.
func (e *examination) cutShort(pos int, u unit, start, before int) {
	body, claimed := pos+u.head, pos+u.len()
	best, bits := -1, 0.0
	if u.body > e.max {
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
	if best < 0 || claimed-best <= 2 {
		return
	}
	if e.width > 0 && textual(e.data[pos:best]) {
		bits -= 8 + e.chain.bits // the head is text as well: a length is not
	}
	if claimed > len(e.data) {
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

// beyond is how unlikely it is that a frame of that many bytes, which ends beyond the
// data, was meant.
func (e *examination) beyond(size int) float64 {
	usual := float64(len(e.data)) / float64(e.frames+1)
	return min(e.chain.bits, 1+max(0, math.Log2(float64(size)/max(1, usual))))
}

// missing is the part of a body of that many bytes that d bytes are.
func missing(d, body int) float64 {
	return min(1, math.Abs(float64(d))/float64(max(1, body)))
}

// cutPrior is how likely body is cut short, and not whole behind a wrong length.
func (e *examination) cutPrior(body []byte) float64 {
	switch {
	case isObject(body):
		return -4
	case len(body) > 0 && body[0] == '{':
		return 3
	}
	return 0
}

// foreign looks for the place where frames go on behind bytes that are none.
func (e *examination) foreign() {
	from := []int{e.stuck}
	for i := len(e.starts) - 1; i >= max(0, len(e.starts)-16); i-- {
		from = append(from, e.starts[i])
	}
	for k, start := range from {
		e.foreignAt(start, e.frames-k)
	}
}

func (e *examination) foreignAt(start, before int) {
	if start < e.chain.lo {
		return
	}
	best, bits := -1, math.Inf(-1)
	end := min(e.chain.hi, start+chainBehind)
	text := start + textUpTo(e.data[start:end]) // looked for once: a place for frames may be anywhere
	for p := start + 1; p < end; p++ {
		hops, whole := e.chain.at(p)
		if hops == 0 || !whole && hops < 2 {
			continue
		}
		textual := p < text && utf8.RuneStart(e.data[p]) || p == text
		if b := e.chain.evidence(p) + gapPrior(e.data[start:p], textual) + e.startPrior(p); b > bits {
			best, bits = p, b
		}
	}
	if best < 0 {
		return
	}
	gap := e.data[start:best]
	hops, _ := e.chain.at(best)
	x := Explanation{
		Cause:  CauseForeignBytes,
		Detail: fmt.Sprintf("%s to no frame: %s", belonging(len(gap)), excerpt(gap)),
		Repair: "find out what else writes to this stream: a log line on stdout, say; 'decode --keep-going' passes over it",
		Then:   int(hops),
		frame:  start, resume: best,
	}
	if start == e.stuck && e.err.Cause == frame.CauseTooLarge && !textual(gap[:min(len(gap), 4)]) || e.tooLargeText(start) {
		x.Cause = frame.CauseTooLarge
		x.Detail = e.err.Err.Error() + "; frames go on behind it"
		x.Repair = "write the length of the body; if it is meant, raise the limit: max=SIZE behind the framing"
		bits += 2
		if e.width == 0 {
			bits += 3
		}
	}
	if start == e.stuck && e.err.Cause == frame.CauseBadDigits && e.badDigits(gap) {
		x.Cause = frame.CauseBadDigits
		x.Detail = e.err.Err.Error()
		x.Repair = "write the length as the framing asks"
		bits += 4
	}
	e.add(x, start, before, e.base(before)+bits)
}

// tooLargeText reports whether the frame at start is whole but for a claim in text
// that is over the limit.
func (e *examination) tooLargeText(start int) bool {
	return start == e.stuck && e.err.Cause == frame.CauseTooLarge && e.width == 0
}

// gapPrior is how likely bytes between frames look like that; textual says whether
// they are text.
func gapPrior(gap []byte, textual bool) float64 {
	size := math.Log2(float64(len(gap))) / 4
	switch {
	case textual && gap[len(gap)-1] == '\n' && len(gap) > 8:
		return -3 - size
	case textual:
		return -5 - size
	}
	return -8 - size
}

// bytesOf is a number of bytes in words.
func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// belonging is a number of bytes and its verb.
func belonging(n int) string {
	if n == 1 {
		return "1 byte that belongs"
	}
	return fmt.Sprintf("%d bytes that belong", n)
}

// excerpt quotes the start of b.
func excerpt(b []byte) string {
	const most = 48
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}

// chars says that the length counts characters.
func (e *examination) chars(claim, size int, utf16 bool, where string) Explanation {
	what := "characters"
	if utf16 {
		what = "UTF-16 units"
	}
	spelling := ""
	if e.name == "fastdaemon" && !utf16 {
		spelling = "fastdaemon,chars"
	}
	return Explanation{
		Framing: spelling,
		Cause:   CauseChars,
		Detail:  fmt.Sprintf("the length counts %s: %d of them are %d bytes of UTF-8 (%s)", what, claim, size, where),
		Repair:  "count the bytes of the encoded text, not its characters",
	}
}

// shiftExplanation says that the length is wrong by d bytes: the body has d more.
func (e *examination) shiftExplanation(d int, u unit, pos int, every bool) Explanation {
	where := "this frame"
	if every {
		where = "every frame"
	}
	switch {
	case !every:
	case d == -u.head && !e.countsHead():
		return Explanation{
			Cause:  CauseHeaderCounted,
			Detail: fmt.Sprintf("the length counts the %d bytes of the head too (%s)", u.head, where),
			Repair: "count the bytes of the body alone" + e.tryIncl(),
		}
	case d == u.head && e.countsHead():
		return Explanation{
			Cause:  CauseHeaderNotCounted,
			Detail: fmt.Sprintf("the length does not count the %d bytes of the head (%s)", u.head, where),
			Repair: "count the bytes of the whole frame",
		}
	}
	text := "short"
	if d < 0 {
		text = "long"
	}
	n := max(d, -d)
	extra := ""
	end := pos + u.len() + max(d, 0)
	if d > 0 && end <= len(e.data) {
		extra = ": the bytes " + excerpt(e.data[end-d-u.tail:end-u.tail]) + " are not counted"
	}
	return Explanation{
		Cause:  CauseOffBy(n),
		Detail: fmt.Sprintf("the length is %d too %s (%+d; %s)%s", n, text, -d, where, extra),
		Repair: fmt.Sprintf("the body has %d bytes, not %d: count what is written", u.body+d, u.body),
	}
}

// shiftPrior is how likely a length is wrong by d.
func (e *examination) shiftPrior(d int, u unit, pos int) float64 {
	end := pos + u.len() + d - u.tail
	if d > 0 && d <= 4 && end <= len(e.data) {
		switch string(e.data[end-d : end]) {
		case "\n", "\r\n", "\x00", "\r\n\r\n", "\n\n":
			return -1
		}
	}
	if d == -u.head && !e.countsHead() || d == u.head && e.countsHead() {
		return -1.5
	}
	return -2 - float64(max(d, -d))/2
}
