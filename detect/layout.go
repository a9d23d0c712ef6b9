package detect

import (
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/chancat/channel/internal/crc16"
)

// checks are the checksums that a tail may be.
var checks = []struct {
	name  string
	width int
	sum   func(body []byte) uint32
}{
	{"crc32", 4, crc32.ChecksumIEEE},
	{"crc16", 2, crc16Sum},
	{"sum8", 1, sum8},
}

func crc16Sum(body []byte) uint32 { return uint32(crc16.Checksum(body)) }

func sum8(body []byte) (sum uint32) {
	for _, b := range body {
		sum += uint32(b)
	}
	return sum & 0xff
}

// layoutOf tells head, body and tail of the frames in t apart. The length of a
// frame does not depend on it, so it is no part of the rule.
func layoutOf(r *rule, t *table) layout {
	l, ok := checked(r, t)
	if !ok {
		l = divided(r, t)
	}
	var magic []byte
	marked := false
	for len(magic) < r.at && t.before[len(magic)].constant(t.frames) {
		c := t.before[len(magic)].first
		magic = append(magic, c)
		marked = marked || c != 0
	}
	for len(magic) > 0 && magic[len(magic)-1] == 0 {
		magic = magic[:len(magic)-1] // rather of a number that is small so far
	}
	if t.frames >= 4 && len(magic) >= 2 && marked {
		l.magic = string(magic)
	}
	return l
}

// checked looks for a checksum at the end of the frames.
func checked(r *rule, t *table) (layout, bool) {
	for _, check := range checks {
		skips := []int{0}
		if r.extra > check.width && !r.whole {
			skips = append(skips, r.extra-check.width)
		}
		if r.inclusive() {
			for i := 1; i <= 8; i++ {
				skips = append(skips, i)
			}
		}
		for _, skip := range skips {
			if t.verifies(r, skip, check.width, check.sum) {
				return layout{skip: skip, tail: check.width, check: check.name}, true
			}
		}
	}
	return layout{}, false
}

// verifies reports whether every frame ends in the checksum of its body, and
// enough of them to mean something.
func (t *table) verifies(r *rule, skip, width int, sum func([]byte) uint32) bool {
	told := 0
	for i, raw := range t.rows {
		from, to := t.heads[i]+skip, len(raw)-width
		if to < from {
			return false
		}
		k := number{width: width, little: r.kind.little && r.kind.width > 0}
		got, _ := k.read(raw, to)
		if uint32(got) != sum(raw[from:to]) {
			return false
		}
		if to > from {
			told += width
		}
	}
	return told >= 3
}

// summed counts the frames of which the body is not all zeros: to most checksums
// that is nothing.
func (t *table) summed(l layout) int {
	n := 0
	for i, raw := range t.rows {
		for _, b := range raw[t.heads[i]+l.skip : len(raw)-l.tail] {
			if b != 0 {
				n++
				break
			}
		}
	}
	return n
}

// divided finds the shortest skip and tail between which all bodies are text.
// Where there is none, the bytes that the length does not count are head, unless
// a constant shows them to be tail.
func divided(r *rule, t *table) layout {
	fixed := max(r.extra, 0)
	if r.whole {
		fixed = 0
	}
	if r.inclusive() {
		for around := 0; around <= min(maxExtra, t.shortest); around++ {
			for tail := range min(around, columnsLast) + 1 {
				if t.text(around-tail, tail) {
					return layout{skip: around - tail, tail: tail}
				}
			}
		}
		return layout{}
	}
	if fixed == 0 || fixed > t.shortest {
		return layout{}
	}
	for tail := range fixed + 1 {
		if t.text(fixed-tail, tail) {
			return layout{skip: fixed - tail, tail: tail}
		}
	}
	tail := 0
	for tail < min(fixed, columnsLast) && t.last[tail].constant(t.frames) && !isTextByte(t.last[tail].first) {
		tail++
	}
	return layout{skip: fixed - tail, tail: tail}
}

// text reports whether the bodies between skip and tail are text, and not all
// empty.
func (t *table) text(skip, tail int) bool {
	bytes := 0
	for i, raw := range t.rows {
		from, to := t.heads[i]+skip, len(raw)-tail
		if to < from || !isText(raw[from:to]) {
			return false
		}
		bytes += to - from
	}
	return bytes >= 2*t.frames
}

// spellings are the ways to write r with other layouts, and with its magic or
// without.
func (r *rule) spellings(l layout) []string {
	var list []string
	add := func(l layout) { list = append(list, r.spelling(l)) }
	if l.magic != "" {
		add(layout{l.skip, l.tail, l.check, ""})
	}
	if l.check != "" {
		add(layout{l.skip, l.tail, "", l.magic})
	}
	switch {
	case r.inclusive():
		if r.kind.width > 0 {
			list = append(list, fmt.Sprintf("%s,adjust=%+d", strings.TrimSuffix(r.spelling(layout{}), ",incl"), r.extra))
		}
		for skip := range 9 {
			add(layout{skip: skip})
		}
		for tail := 1; tail <= columnsLast; tail++ {
			add(layout{tail: tail})
		}
	case r.extra > 0:
		for tail := range r.extra + 1 {
			add(layout{skip: r.extra - tail, tail: tail})
		}
		add(layout{})
	}
	return list
}
