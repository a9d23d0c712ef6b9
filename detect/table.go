package detect

import "math"

// A table is the frames of a chain one below the other: what stands at each place
// before the length, behind it, and before the end.
type table struct {
	frames   int // that are in it
	before   [maxAt]column
	after    [columnsAfter]column
	last     [columnsLast]column
	lengths  column // the leading bits of lengths in one or two bytes
	shortest int    // bytes behind the length of the shortest frame

	rows     [][]byte // the frames
	heads    []int    // bytes up to the end of their lengths
	news     []bool   // which start where no even spacing of the frames before would have them
	distinct int      // lengths of frames
	changes  int      // frames that are not as long as the one before
	fresh    int      // frames that differ from the one before
}

// newTable takes at most columnFrames frames that differ from the one before:
// what repeats proves nothing.
func newTable(c *chain, streams []Stream) *table {
	t := &table{shortest: math.MaxInt}
	lengths := map[int]bool{}
	var previous []byte
	news, left := true, math.MaxInt
	if p := c.period(); p > 0 {
		left = p + 1 // what comes round again proves nothing
	}
	c.each(streams, func(raw []byte) {
		if left--; left < 0 {
			return
		}
		value, _ := c.rule.kind.read(raw, c.rule.at)
		again := value == 0 && len(raw) == len(previous) // a run of zeros makes as many empty frames as one likes
		if value != 0 {
			lengths[len(raw)] = true
		}
		here := news
		if news = len(raw) != len(previous); news {
			t.changes++
		} else if string(raw) == string(previous) {
			return
		}
		previous = raw
		if !again {
			t.fresh++
		}
		if t.frames < columnFrames {
			t.add(c.rule, raw)
			t.news = append(t.news, here)
		}
	})
	t.distinct = len(lengths)
	return t
}

const (
	longestPeriod = 8 // frames
	roundsOfOne   = 3 // times that it must come round
)

// period is the number of frames after which the same lengths come again, all
// through every stream; 0 where they do not.
func (c *chain) period() int {
next:
	for p := 1; p <= longestPeriod; p++ {
		for _, list := range c.starts {
			n := len(list) - 1
			if n < roundsOfOne*p {
				continue next
			}
			for i := p; i < n; i++ {
				if list[i+1]-list[i] != list[i-p+1]-list[i-p] {
					continue next
				}
			}
		}
		return p
	}
	return 0
}

func (t *table) add(r *rule, raw []byte) {
	_, n := r.kind.read(raw, r.at)
	head := r.at + n
	t.frames++
	t.rows = append(t.rows, raw)
	t.heads = append(t.heads, head)
	for i := range r.at {
		t.before[i].add(raw[i])
	}
	behind := raw[head:]
	t.shortest = min(t.shortest, len(behind))
	for i := range min(len(behind), columnsAfter) {
		t.after[i].add(behind[i])
	}
	for i := range min(len(behind), columnsLast) {
		t.last[i].add(behind[len(behind)-1-i])
	}
	switch r.kind.width {
	case 0, 1:
		t.lengths.add(raw[r.at] >> 4)
	case 2:
		high := raw[r.at]
		if r.kind.little {
			high = raw[r.at+1]
		}
		t.lengths.add(high)
	}
}

// savings is how much better the columns at fixed places are foretold by their
// place than by how often bytes stand anywhere.
func (t *table) savings(r *rule, anywhere phases) float64 {
	bits := 0.0
	low, high := r.at, 0 // zeros beside the length may be part of it
	for low > 0 && t.before[low-1].zero(t.frames) {
		low--
	}
	for high < columnsAfter && t.after[high].zero(t.frames) {
		high++
	}
	for i := range low {
		bits += t.column(func(head int) int { return i }).saving(anywhere.at(i))
	}
	for i := range 4 {
		bits += t.column(func(head int) int { return head + high + i }).saving(anywhere.at(r.at + max(r.kind.width, 1) + high + i))
	}
	return bits
}

// column is what stands at one place of the frames that are news.
func (t *table) column(place func(head int) int) *column {
	var c column
	for i, raw := range t.rows {
		if at := place(t.heads[i]); t.news[i] && at < len(raw) {
			c.add(raw[at])
		}
	}
	return &c
}

// lengthSaving is the same for the leading bits of the lengths: those of real
// messages crowd together.
func (t *table) lengthSaving(r *rule, anywhere phases) float64 {
	first := anywhere.at(r.at)
	switch r.kind.width {
	case 0, 1:
		var coarse [256]float64
		for i := range 16 {
			p := 0.0
			for _, bits := range first[16*i : 16*i+16] {
				p += math.Exp2(-bits)
			}
			coarse[i] = -math.Log2(p)
		}
		return t.lengths.saving(&coarse)
	case 2:
		if r.kind.little {
			first = anywhere.at(r.at + 1)
		}
		return t.lengths.saving(first)
	}
	return 0
}

// short reports whether most lengths have one byte. Almost any byte is such a length, and
// so the data has chains of them that look much alike.
func (t *table) short(r *rule) bool {
	n := 0
	for _, head := range t.heads {
		if head == r.at+1 {
			n++
		}
	}
	return 2*n > len(t.heads)
}

// zerosBeside counts the columns next to the length, on the side of its greatest
// byte, in which every frame has zero: bytes that a wider length would hold.
func (t *table) zerosBeside(r *rule) int {
	n := 0
	if r.kind.width == 0 {
		return 0
	}
	if !r.kind.little || r.kind.width == 1 {
		for n < r.at && t.before[r.at-1-n].zero(t.frames) {
			n++
		}
	}
	if r.kind.little {
		for n < columnsAfter && t.after[n].zero(t.frames) {
			n++
		}
	}
	return n
}

// zerosAround counts the columns next to the length, on both sides, in which every
// frame has zero.
func (t *table) zerosAround(r *rule) int {
	n := 0
	for i := r.at - 1; i >= 0 && t.before[i].zero(t.frames); i-- {
		n++
	}
	for i := 0; i < columnsAfter && t.after[i].zero(t.frames); i++ {
		n++
	}
	return n
}
