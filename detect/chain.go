package detect

import (
	"fmt"
	"math"
	"slices"
)

const (
	window      = 64 << 10 // bytes of a stream that rules are tried on
	wideWindow  = 16 << 20 // where that decides nothing
	windows     = 16       // streams that rules are tried on
	windowHops  = 2048     // frames of a stream that rules are tried on
	equalHops   = 256      // and of one in which all frames so far are equally long
	minCutAhead = 1 << 10  // bytes that a frame which is cut may claim in any case
	fewSeen     = 8        // frames in a window that leave open what a wider one may decide
)

// A chain is what a rule makes of the streams.
type chain struct {
	rule   *rule
	starts [][]int // of frames, by stream; the end of the last one closes each
	frames int
	cut    int // streams whose last frame is cut
	ends   int // streams whose last frame ends where they do
	hash   uint64
	sizes  int // of frames, that differ: 0, 1, or 2 for more
	size   int // of the first frame

	fail  failure // why it does not tile
	reach int     // bytes that it tiled before it broke
}

// A failure is why a rule does not tile a stream; size is 0 where it does.
type failure struct {
	at, size, left int // size may also be none, cut or small
}

func (f failure) String() string {
	switch f.size {
	case none:
		return fmt.Sprintf("byte %d: no length that a frame can have", f.at)
	case cut:
		return fmt.Sprintf("byte %d: the data ends inside the head of a frame", f.at)
	case small:
		return fmt.Sprintf("byte %d: frames so small that this is far from the first large ones", f.at)
	}
	return fmt.Sprintf("byte %d: a frame of %d bytes, %d are left", f.at, f.size, f.left)
}

// follow runs r over the windows of streams. The starts are kept in scratch, and
// valid until it is used again.
func (r *rule) follow(streams []Stream, scratch [][]int) chain {
	c := chain{rule: r, starts: scratch[:0]}
	for i := range streams {
		s := &streams[i]
		var list []int
		if i < len(scratch) {
			list = scratch[i][:0]
		}
		list, ok := c.stream(s, list)
		c.starts = append(c.starts, list)
		if !ok {
			return c
		}
	}
	return c
}

// stream follows the rule over one stream. It reports whether it tiles.
func (c *chain) stream(s *Stream, list []int) ([]int, bool) {
	b := s.seen()
	partial := len(b) < len(s.Data)
	pos, longest := 0, 0
	for len(list) < windowHops {
		list = append(list, pos)
		if pos == len(b) {
			if !partial {
				c.ends++
			}
			return list, true
		}
		n := c.rule.frame(b, pos)
		if n == 0 {
			n = none // it would never end
		}
		if s.wide && len(list) > fewSeen && pos < window {
			n = small
		}
		switch {
		case n == small:
			c.fail = failure{at: pos, size: small}
			c.reach += pos
			return list, false
		case n == none:
			c.fail = failure{at: pos + c.rule.at, size: none}
			c.reach += pos
			return list, false
		case n == cut || pos+n > len(b):
			if partial && pos+n <= len(s.Data) {
				return list, true
			}
			c.cut++
			if !plausibleCut(n, longest, len(list)-1, s.Ended) {
				c.reach += pos
				c.fail = failure{at: pos, size: n, left: len(s.Data) - pos}
				return list, false
			}
			return list, true
		}
		switch {
		case c.sizes == 0:
			c.sizes, c.size = 1, n
		case n != c.size:
			c.sizes = 2
		}
		if c.sizes == 1 && n == c.size && len(list) > equalHops {
			return list, true
		}
		pos += n
		longest = max(longest, n)
		c.frames++
	}
	return append(list, pos), true
}

// plausibleCut reports whether a frame of n bytes, cut by the end of the data, is
// like the frames before it.
func plausibleCut(n, longest, before int, ended bool) bool {
	if n == cut {
		return before > 0
	}
	if ended && before < 4 {
		return false
	}
	if ended {
		return n <= max(4*longest, minCutAhead)
	}
	return before > 0 && n <= max(16*longest, minCutAhead)
}

// pace is the number of bytes of which every frame has a multiple. In data that is
// made of records it is theirs, and a chain never sees the bytes between.
func (c *chain) pace() int {
	n := 0
	for _, list := range c.starts {
		for i := 1; i < len(list); i++ {
			n = gcd(n, list[i]-list[i-1])
		}
	}
	return max(n, 1)
}

// shortest is the bytes of the shortest whole frame.
func (c *chain) shortest() int {
	n := math.MaxInt
	for _, list := range c.starts {
		for i := 1; i < len(list); i++ {
			n = min(n, list[i]-list[i-1])
		}
	}
	return n
}

// fields returns where the lowest bytes of the lengths stand, and a hash of those in
// the middle of the streams: a chain that begins beside the frames soon runs along
// them, and reads the same lengths from there on. Where hardly any stand in the
// middle, all count.
func (c *chain) fields(streams []Stream) (lows []int, middle uint64) {
	middle = 14695981039346656037
	before := 0
	for i, list := range c.starts {
		b := streams[i].seen()
		from := len(lows)
		for _, p := range list[:len(list)-1] {
			at := p + c.rule.at
			if k := c.rule.kind; !k.little {
				_, n := k.read(b, at)
				at += n - 1
			}
			lows = append(lows, before+at)
		}
		here := lows[from:]
		low, _ := slices.BinarySearch(here, before+len(b)/4)
		high, _ := slices.BinarySearch(here, before+3*len(b)/4)
		if high-low < fewFrames {
			low, high = 0, len(here)
		}
		for _, at := range here[low:high] {
			middle = (middle ^ uint64(at)) * 1099511628211
		}
		middle = (middle ^ math.MaxUint32) * 1099511628211
		before += len(b)
	}
	return lows, middle
}

// sum sets the hash, which two chains share that cut the streams alike.
func (c *chain) sum() {
	h := uint64(14695981039346656037)
	for _, list := range c.starts {
		for _, p := range list {
			h = (h ^ uint64(p)) * 1099511628211
		}
		h = (h ^ math.MaxUint32) * 1099511628211
	}
	c.hash = h
}

// each calls f with every whole frame of the windows.
func (c *chain) each(streams []Stream, f func(raw []byte)) {
	for i, list := range c.starts {
		for j := 1; j < len(list); j++ {
			f(streams[i].Data[list[j-1]:list[j]])
		}
	}
}
