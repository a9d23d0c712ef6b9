package detect

import (
	"math"
	"unicode/utf8"
)

const (
	columnsAfter = 16  // columns behind the length that are looked at
	columnsLast  = 4   // columns before the end of the frame
	columnFrames = 256 // frames that are looked at
)

// A column is what stands at one place of the frames.
type column struct {
	seen   [256]uint16
	frames int
	values int // distinct ones
	first  byte
}

func (c *column) add(b byte) {
	if c.frames == 0 {
		c.first = b
	}
	if c.seen[b] == 0 {
		c.values++
	}
	c.seen[b]++
	c.frames++
}

// constant reports whether all of so many frames have the same byte here.
func (c *column) constant(frames int) bool { return c.values == 1 && c.frames == frames }

func (c *column) zero(frames int) bool { return c.constant(frames) && c.first == 0 }

// saving is how many bits fewer the column costs than the same bytes cost where
// they may stand anywhere; 0 where it costs more.
func (c *column) saving(global *[256]float64) float64 {
	here, anywhere := logs.total[c.frames], 0.0
	for b, count := range c.seen {
		if count > 0 {
			anywhere += float64(count) * global[b]
			here -= logs.seen[count]
		}
	}
	return max(0, anywhere-here-4)
}

// logs holds what it costs, in bits, to tell the bytes of a column one after another,
// each by how often it has been seen in it before: the sum of the logarithms of those
// numbers for a byte that is seen so often, and of their totals.
var logs = func() (l struct{ seen, total [columnFrames + 1]float64 }) {
	const unseen = 1.0 / 16 // weight of a byte that has not been seen
	for n := range columnFrames {
		l.seen[n+1] = l.seen[n] + math.Log2(float64(n)+unseen)
		l.total[n+1] = l.total[n] + math.Log2(float64(n)+256*unseen)
	}
	return l
}()

// global returns the bits that each byte costs by how often it stands anywhere.
func global(streams []Stream) *[256]float64 {
	var count [256]int
	total := 0
	for _, s := range streams {
		for _, b := range s.seen() {
			count[b]++
			total++
		}
	}
	return costsOf(&count, total)
}

// costsOf returns the bits that each byte costs which stands so often among so many.
func costsOf(count *[256]int, total int) *[256]float64 {
	var bits [256]float64
	for b, n := range count {
		bits[b] = -math.Log2((float64(n) + 0.5) / (float64(total) + 128))
	}
	return &bits
}

// isText reports whether b is text without control characters but those of white
// space.
func isText(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if c := b[i]; c < utf8.RuneSelf {
			if !isTextByte(c) {
				return false
			}
		} else {
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return false
			}
			i += n - 1
		}
	}
	return true
}

func isTextByte(c byte) bool {
	return c >= ' ' && c < 0x7f || c == '\n' || c == '\r' || c == '\t'
}
