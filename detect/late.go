package detect

import (
	"bytes"
	"fmt"
	"math"
	"slices"
)

const (
	lateWindow = 16 << 10 // bytes of a stream in which its first whole frame is looked for
	lateProofs = 4        // frames that show where frames begin
	lateBits   = 40       // evidence in them
	lateEnough = 4 << 10  // bytes behind it that are judged where it only explains

	lateWeighed = 24 // rules of which the evidence is weighed there

	lateFirst = 16 // times that the frame in which the data begins may be longer than others
	lateMost  = 16 // bytes of a frame that the length does not count
)

// detectLate is Detect for data that begins inside a frame. It looks for the byte
// from which frames follow one another. In a stream of which it is known that its
// start is missing this decides; in another it only says why nothing can be decided.
func detectLate(streams []Stream, plain *Answer) (Answer, bool) {
	known := anyLate(streams)
	if plain.Decided && (plain.wide && !(known && lineFraming(plain.Candidates[0].Framing)) || plain.named && !known) || !known && len(streams) > 1 {
		return Answer{}, false
	}
	var best Answer
	begin, weighed := 0, mostWeighed
	if !known {
		weighed = lateWeighed
	}
	for _, skipped := range beginnings(streams, known) {
		rest := slices.Clone(streams)
		for i := range rest {
			rest[i].Data = rest[i].Data[min(skipped[i], len(rest[i].Data)):]
			if !known && len(rest[i].Data) > lateEnough {
				rest[i].Data, rest[i].Ended = rest[i].Data[:lateEnough], false
			}
		}
		rest = slices.DeleteFunc(rest, func(s Stream) bool { return len(s.Data) == 0 })
		if len(rest) == 0 {
			continue
		}
		a := detect(rest, weighed)
		if a.Decided && a.wide && int64(skipped[0]) <= lateFirst*(a.Candidates[0].Bytes/int64(a.Candidates[0].Frames)) && (!best.Decided || lineFraming(best.Candidates[0].Framing) && !lineFraming(a.Candidates[0].Framing)) {
			best, begin = a, skipped[0]
		}
	}
	if !best.Decided || plain.Decided && known && lineFraming(best.Candidates[0].Framing) {
		return Answer{}, false
	}
	c := &best.Candidates[0]
	c.Begin = int64(begin)
	best.Candidates = append(best.Candidates, plain.Candidates...)
	best.Candidates = best.Candidates[:min(len(best.Candidates), mostShown)]
	if !known {
		best.Decided = false
		best.Why = fmt.Sprintf("the data seems to begin inside a frame: from byte %d on it is %s", begin, c.Framing)
		best.Try = "the stream from its first byte"
	}
	best.late = true
	return best, true
}

// anyLate reports whether it is known of some of the streams that their start is
// missing.
func anyLate(streams []Stream) bool {
	return slices.ContainsFunc(streams, func(s Stream) bool { return s.Late })
}

// lineFraming reports whether much that is text is tiled by a framing.
func lineFraming(name string) bool { return name == "line" || name == "crlf" || name == "nul" }

// beginnings returns where frames may begin in each of the streams: by the lengths
// that lead from one to the next, and where it is known that the start is missing by
// the marks of text.
func beginnings(streams []Stream, known bool) [][]int {
	var list [][]int
	add := func(find func(b []byte) int) {
		skipped, any := make([]int, len(streams)), false
		for i, s := range streams {
			if s.Late || !known {
				skipped[i] = find(s.Data)
				any = any || skipped[i] > 0
			}
		}
		if any && !slices.ContainsFunc(list, func(l []int) bool { return slices.Equal(l, skipped) }) {
			list = append(list, skipped)
		}
	}
	longest := slices.MaxFunc(streams, func(a, b Stream) int { return len(a.Data) - len(b.Data) })
	if r, ok := lateRule(longest); ok {
		for _, at := range r.places() {
			add(func(b []byte) int { return r.first(b, at) })
		}
	}
	if !known {
		return list
	}
	for _, mark := range []string{"Content-", "\r\n*", "\r\nMSG ", "\x1e", "\n"} {
		add(func(b []byte) int {
			n := bytes.Index(b[:min(len(b), lateWindow)], []byte(mark))
			switch {
			case n < 0:
				return 0
			case mark == "\n":
				return n + 1
			case mark == "\r\n*":
				return n + 2
			}
			return n
		})
	}
	add(func(b []byte) int { // netstrings
		for i := 1; i < min(len(b), lateWindow)-2; i++ {
			if b[i-1] == ',' && b[i] >= '1' && b[i] <= '9' {
				if end := bytes.IndexByte(b[i:min(len(b), i+9)], ':'); end > 0 && len(bytes.Trim(b[i:i+end], "0123456789")) == 0 {
					return i
				}
			}
		}
		return 0
	})
	return list
}

// A lateFrames says that frames have as many bytes as a length in them says, and so
// many more.
type lateFrames struct {
	kind  *number
	more  int
	begin int // of the first one known, by the place of its length
}

// lateRule finds the rule by which frames follow one another to the end of s.
func lateRule(s Stream) (best lateFrames, ok bool) {
	b := s.Data[:min(len(s.Data), lateWindow)]
	hops, values := make([]int16, len(b)+1), make([]int32, len(b))
	bits := float64(lateBits)
	for i := range numbers {
		kind := &numbers[len(numbers)-1-i] // of those that read alike the widest
		if kind.width < 2 {
			continue
		}
		kind.readAll(b, values)
		for more := 0; more <= kind.width+lateMost/2; more++ {
			begin, n, could := follows(values, more, len(s.Data), hops)
			if n < lateProofs {
				continue
			}
			r := rule{kind: kind, extra: more - kind.width}
			proof := min(mostHops, float64(n)*-math.Log2((float64(could-n)+1)/float64(len(b)+2))) - math.Log2(float64(begin+1)) - r.cost()
			if proof > bits {
				best, bits, ok = lateFrames{kind, more, begin}, proof, true
			}
		}
	}
	return best, ok
}

// readAll sets values to the number at each place of b: unended where b ends in it.
func (k *number) readAll(b []byte, values []int32) {
	for p := range b {
		value, w := k.read(b, p)
		values[p] = int32(min(value, maxLength+1))
		if w == 0 {
			values[p] = unended
		}
	}
}

const unended = -1

// follows finds the first place from which one length leads to the next up to the end,
// how many do so from there, and in how many places there could be one. values are the
// numbers at the first places of a stream of size bytes.
func follows(values []int32, more, size int, hops []int16) (begin, n, could int) {
	end := len(values)
	hops[end] = 0
	for p := end - 1; p >= 0; p-- {
		value := int(values[p])
		next := p + value + more
		switch {
		case value == unended:
			hops[p] = 0
			continue
		case value > maxLength || next <= p:
			hops[p] = -1
			continue
		case next > end:
			hops[p] = -1
			if next <= size || size > end {
				hops[p] = 0
			}
			continue
		}
		if hops[p] = hops[next]; hops[p] >= 0 && value > 0 {
			hops[p]++
			could++
		}
	}
	for p := range values {
		if int(hops[p]) > n {
			begin, n = p, int(hops[p])
		}
	}
	for p := range values[:begin] { // as early, if hardly fewer follow
		if int(hops[p]) >= n-1 && n > lateProofs {
			return p, int(hops[p]), could
		}
	}
	return begin, n, could
}

// places returns how many bytes may stand before the length.
func (f lateFrames) places() []int {
	switch extra := f.more - f.kind.width; {
	case f.more == 0 || extra == 0:
		return []int{0}
	case extra < 0:
		return []int{f.more} // it counts itself, but not what stands before it
	default:
		return []int{0, extra}
	}
}

// first returns where the first frame begins in b whose length has so many bytes
// before it; 0 for none.
func (f lateFrames) first(b []byte, at int) int {
	part := b[:min(len(b), lateWindow)]
	values := make([]int32, len(part))
	f.kind.readAll(part, values)
	begin, n, _ := follows(values, f.more, len(b), make([]int16, len(part)+1))
	if n < 1 {
		return 0
	}
	if begin < at {
		value, _ := f.kind.read(b, begin)
		begin += int(value) + f.more
	}
	return max(0, begin-at)
}
