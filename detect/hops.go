package detect

import "math"

const (
	hopSamples = 384 // places at which a rule is tried that are no start of a frame

	strayHops  = 5  // lengths that a chain beside the frames is followed
	strayZeros = 24 // and with those of 0
	strayLeast = 24 // chains that have come so far and tell how often the next hop leads on
)

// surprise is how many bits a frame proves: how seldom bytes that are no length of
// the chain lead on to other bytes. Only every pace-th byte is tried. From each of
// these places the rule is followed some way: in data that is built alike, what leads
// on once leads on again, and a chain that was caught there proves nothing by its
// length.
func (r *rule) surprise(c *chain, streams []Stream, pace int, on []bool) float64 {
	var tried, could [strayHops]int
	left := 0
	if r.kind.width == 1 && len(streams[0].Data) > 16<<8 {
		return 0 // any byte leads on
	}
	for i, s := range streams {
		b := s.seen()
		starts := c.starts[i]
		for _, p := range starts {
			on[p] = true
		}
		share := hopSamples / len(streams)
		step := (max(1, len(b)/max(share, 1)) + pace - 1) / pace * pace
		for pos, next := r.at%pace, 0; pos < len(b); pos += step {
			for next < len(starts) && starts[next]+r.at < pos {
				next++
			}
			if next < len(starts) && starts[next]+r.at == pos {
				continue
			}
			left += len(s.Data) - pos
			r.stray(b, len(s.Data), pos, on, &tried, &could)
		}
		for _, p := range starts {
			on[p] = false
		}
	}
	if tried[0] == 0 {
		return 0
	}
	rate := 0.0
	for i := range tried {
		if i == 0 || tried[i] >= strayLeast {
			rate = max(rate, (float64(could[i])+1)/(float64(tried[i])+2))
		}
	}
	if could[0] == 0 && r.kind.width > 0 {
		byChance := float64(left) / float64(tried[0]) / math.Exp2(8*float64(r.kind.width))
		rate = min(rate, max(byChance, math.Exp2(-rarest)))
	}
	return -math.Log2(min(rate, 1))
}

// stray follows the rule from a length at pos, which is none of the chain, until it
// breaks, or comes upon the chain. Lengths of 0 go a few bytes on and are no hop.
func (r *rule) stray(b []byte, size, pos int, on []bool, tried, could *[strayHops]int) {
	for hop, steps := 0, 0; hop < strayHops && steps < strayZeros; steps++ {
		value, n := r.kind.read(b, pos)
		if n == 0 {
			if len(b) == size && hop == 0 {
				tried[hop]++
			}
			return
		}
		next := pos + n + int(min(value, maxLength)) + r.extra
		if r.whole {
			next = pos - r.at + int(min(value, maxLength))
		}
		bad := n < 0 || value > uint64(size-pos) || next > size || next+r.at <= pos
		if hop == 0 || value != 0 {
			tried[hop]++
			if !bad {
				could[hop]++
			}
			hop++
		}
		if bad || next >= len(b) || next >= 0 && on[next] {
			return
		}
		pos = next + r.at
	}
}
