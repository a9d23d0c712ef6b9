package detect

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/chancat/channel/frame"
)

// decimalUnits are bodies behind a number of so many decimal digits.
type decimalUnits struct{ digits int }

func (d decimalUnits) scan(data []byte, pos int) (u unit, cut, ok bool) {
	if len(data)-pos < d.digits {
		return u, true, false
	}
	n := 0
	for _, c := range data[pos : pos+d.digits] {
		if c < '0' || c > '9' {
			return u, false, false
		}
		n = n*10 + int(c-'0')
	}
	return unit{head: d.digits, body: n, counted: true, weak: n == 0}, false, true
}

func (decimalUnits) tailOK([]byte, unit, int, int) bool { return true }

func (decimalUnits) ends(*unitState, []byte, int, unit) bool { return true }

// decimals tries a length in decimal digits where the field is binary.
func (e *examination) decimals() {
	if e.fieldWidth() == 0 || e.name == "fastdaemon" || len(e.data) == 0 || e.data[0] < '0' || e.data[0] > '9' {
		return
	}
	for digits := 2; digits <= 9; digits++ {
		units := decimalUnits{digits}
		w := e.follow(units, func(u unit, pos int) int { return pos + u.head + u.body }, e.chain.hi)
		if w.frames == 0 || !w.whole {
			continue
		}
		w.start, w.before = 0, 0
		x := Explanation{
			Cause: frame.CauseBadDigits,
			Detail: fmt.Sprintf("the length is written as %d decimal digits, %q, and read as a binary number",
				digits, e.data[:digits]),
			Repair: "agree on a binary length or on one in digits",
		}
		e.addWalk(x, w, 3*float64(digits), -4)
	}
}

// radix tries decimal sizes of chunks.
func (e *examination) radix() {
	if e.name != "chunked" {
		return
	}
	w := e.follow(e.unit, func(u unit, pos int) int {
		n, err := strconv.Atoi(string(bytes.TrimRight(e.data[pos:pos+u.head], "\r\n")))
		if err != nil || n > e.max {
			return -1
		}
		return pos + u.head + n
	}, e.chain.hi)
	if w.start < 0 {
		return
	}
	e.addWalk(Explanation{
		Cause:  frame.CauseBadDigits,
		Detail: "the sizes of the chunks are written in decimal, and read as hexadecimal",
		Repair: "write the sizes in hexadecimal",
	}, w, e.chain.bits, -2)
}

// halvedLeast is the number of empty frames that are no coincidence.
const halvedLeast = 4

// halved says that a stream may decode only because the upper half of each wider
// length is zero and makes an empty frame. A peer that sends an empty message before
// each other one writes the same bytes, and is not accused.
func (e *examination) halved() string {
	width := e.fieldWidth()
	if width == 0 || e.name == "fastdaemon" || e.frames < 2*halvedLeast || e.frames%2 != 0 || e.place.Offset > 0 {
		return ""
	}
	for pos, i := 0, 0; pos < len(e.data); i++ {
		u, _, ok := e.unit.scan(e.data, pos)
		if !ok || u.len() == 0 || (u.body == 0) != (i%2 == 0) {
			return ""
		}
		pos += u.len()
	}
	for _, a := range e.alternatives() {
		v, _, ok := a.unit.scan(e.data, 0)
		if !ok || v.head != 2*width {
			continue
		}
		if w := e.follow(a.unit, func(u unit, pos int) int { return pos + u.head + u.body }, len(e.data)); !w.whole || 2*w.frames != e.frames {
			continue
		}
		return fmt.Sprintf("every other message is empty: as -f %s the same bytes are %d messages, and none of them is", a.spelling, e.frames/2)
	}
	return ""
}
