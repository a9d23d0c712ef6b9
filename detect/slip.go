package detect

import (
	"fmt"
	"math"
)

const (
	slipEnd = 0xc0
	slipEsc = 0xdb
)

// slip judges whether streams are frames of RFC 1055: END stands at their ends and
// between messages, and behind every ESC one of two bytes.
func slip(streams []Stream) (claim, bool) {
	c := claim{Candidate: Candidate{Framing: "slip"}}
	escapes, ends, total, text := 0, 0, 0, true
	for _, s := range streams {
		b := s.seen()
		if len(b) == 0 {
			continue
		}
		whole := s.Ended && len(b) == len(s.Data)
		total += len(b)
		list := []int{0}
		body := 0
		for i := 0; i < len(b); i++ {
			switch {
			case b[i] == slipEnd:
				ends++
				if i > body {
					c.Frames++
					list = append(list, i+1)
					text = text && isText(b[body:i])
				}
				body = i + 1
			case b[i] == slipEsc && i+1 < len(b):
				if b[i+1] != 0xdc && b[i+1] != 0xdd {
					return c, false
				}
				escapes++
				text = false
				i++
			}
		}
		c.Bytes += int64(list[len(list)-1])
		c.starts = append(c.starts, list)
		switch {
		case whole && b[len(b)-1] != slipEnd:
			return c, false
		case whole:
			c.bits += 7
		}
		if b[0] == slipEnd {
			c.bits += 8
		}
	}
	if c.Frames < 2 {
		return c, false
	}
	share := float64(ends) / float64(total+1)
	c.bits += 7*float64(escapes) - 6
	if text {
		c.bits += float64(ends) * math.Min(-math.Log2(share), 8)
	}
	if escapes == 0 {
		c.SameAs = []string{`delim=\xc0`}
	}
	c.Evidence = fmt.Sprintf("%d END bytes, %d right escapes", ends, escapes)
	c.equal = !text && equalFrames(c.starts)
	h := chain{starts: c.starts}
	h.sum()
	c.chain = h.hash
	return c, c.bits > 0
}

// equalFrames reports whether all frames but the first of a stream are equally long.
func equalFrames(starts [][]int) bool {
	size := 0
	for _, list := range starts {
		for i := 2; i < len(list); i++ {
			n := list[i] - list[i-1]
			if size == 0 {
				size = n
			}
			if n != size {
				return false
			}
		}
	}
	return size > 0
}
