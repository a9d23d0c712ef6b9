package detect

import (
	"math"
	"slices"
)

// A census counts the values of each trait.
type census struct {
	seen  [traits][256]int32
	total [traits]int32
	kinds [traits]int32 // values that came
}

func (c *census) add(trait int, value byte) {
	if trait == traitText {
		value &= 1
	}
	if c.seen[trait][value] == 0 {
		c.kinds[trait]++
	}
	c.seen[trait][value]++
	c.total[trait]++
}

// gain is the evidence in that a trait has a value, in bits, where usual is how often
// the stream has it anyway. That a value came once tells nothing of it, but that such
// values come. except leaves out one frame that has the value.
func (c *census) gain(trait int, value byte, usual float64, except bool) float64 {
	if trait == traitText {
		value &= 1
	}
	seen, total, kinds := float64(c.seen[trait][value]), float64(c.total[trait]), float64(c.kinds[trait])
	if except {
		total--
		if seen--; seen == 0 {
			kinds--
		}
	}
	if total <= 0 {
		return 0
	}
	return math.Log2((max(0, seen-1)/usual + kinds + 1) / (total + 1))
}

// usual is how often the stream has the values of traits.
type usual struct {
	bytes [256]float64
	text  [2 * 64]float64
}

func (s *usual) of(trait int, value byte) float64 {
	if trait == traitText {
		return s.text[value]
	}
	return s.bytes[value]
}

// survey finds out how often the stream has the values of traits anywhere.
func (l *likeness) survey(e *examination) *usual {
	var s usual
	var count [256]int
	step := max(1, (l.hi-l.lo)>>16)
	n := 0
	for p := l.lo; p < l.hi; p += step {
		count[l.data[p]]++
		n++
	}
	for b, seen := range count {
		s.bytes[b] = (float64(seen) + 0.5) / (float64(n) + 128)
	}
	for size := range 31 {
		texts, all := 1.0, 2.0
		for p := l.lo; p+1<<size <= l.hi && size > 0; p += l.step() {
			all++
			texts += float64(l.text(p, 1<<size-1) & 1)
		}
		s.text[2*size], s.text[2*size+1] = 1-texts/all, texts/all
	}
	return &s
}

// step is odd, so that no places are left out that fixed records have.
func (l *likeness) step() int { return (l.hi-l.lo)/likePlaces | 1 }

// divisions are the ways to divide the stream that may teach what a frame is: as the
// framing says, from the start and where the longest chain begins, and by lengths that
// are wrong everywhere.
func (e *examination) divisions(c *chains) (plain, altered [][]piece) {
	var list [][]piece
	by := func(d int) bodyRule {
		return func(u unit, pos int) int { return pos + u.head + u.body + d }
	}
	take := func(units unitScanner, pos int, rule bodyRule) {
		var pieces []piece
		for len(pieces) < lessons {
			u, _, ok := units.scan(e.data, pos)
			if !ok {
				break
			}
			u.body = rule(u, pos) - pos - u.head
			if u.body < 0 || u.body > e.max || pos+u.len() > c.hi || u.len() == 0 {
				break
			}
			pieces = append(pieces, piece{pos, u})
			pos += u.len()
		}
		for n := lessonsLeast; len(pieces) >= lessonsLeast && n < 2*len(pieces); n *= 2 {
			list = append(list, pieces[:min(n, len(pieces))])
		}
	}
	if len(e.starts) > 0 {
		from := e.starts[0]
		if i, _ := slices.BinarySearch(e.starts, c.lo); i < len(e.starts) {
			from = e.starts[i]
		}
		take(e.unit, from, by(0))
	}
	longest := -1
	for i, hops := range c.hops {
		if c.whole[i] && hops >= lessonsLeast && (longest < 0 || hops > c.hops[longest]) {
			longest = i
		}
	}
	if longest >= 0 {
		take(e.unit, c.lo+longest, by(0))
	}
	plain, list = list, nil
	if c.lo > 0 {
		return plain, nil
	}
	for d := -8; d <= 8; d++ {
		if d != 0 {
			take(e.unit, 0, by(d))
		}
	}
	if u, _, ok := e.unit.scan(e.data, 0); ok && u.head > 8 {
		take(e.unit, 0, by(u.head))
		take(e.unit, 0, by(-u.head))
	}
	for _, utf16 := range []bool{false, true} {
		take(e.unit, 0, func(u unit, pos int) int { return passText(e.data, pos+u.head, u.body, utf16) })
	}
	for _, a := range e.alternatives() {
		take(a.unit, 0, by(0))
	}
	return plain, list
}

const (
	alikeLeast = 9 // without which frames are not alike
	alikeMost  = 8 // frames that make it sure
)

// alike is how sure it is that frames are alike, each compared with the others. Where
// the framing is altered, those as long as another tell less: what repeats itself is
// alike at any distance.
func (l *likeness) alike(pieces []piece, s *usual, altered bool) float64 {
	c := l.count(pieces)
	sum := 0.0
	lens := map[int]bool{}
	for _, f := range pieces {
		lens[f.len()] = true
		l.each(f.pos, f.unit, func(trait int, value byte) {
			sum += c.gain(trait, value, s.of(trait, value), true)
		})
	}
	sure := min(len(pieces), alikeMost)
	if altered {
		sure = min(len(lens)+2, sure)
	}
	return sum / float64(len(pieces)) * math.Sqrt(float64(sure))
}

func (l *likeness) count(pieces []piece) *census {
	heads := map[int]int{}
	for _, f := range pieces {
		if heads[f.head]++; heads[f.head] > heads[l.head] {
			l.head = f.head
		}
	}
	c := new(census)
	for _, f := range pieces {
		l.each(f.pos, f.unit, c.add)
	}
	return c
}

// learn takes over what is common to frames, and reports whether that is anything.
// Traits come together, and so prove less than their sum: all of them prove as much as
// they are rare in the stream.
func (l *likeness) learn(e *examination, pieces []piece, s *usual) bool {
	c := l.count(pieces)
	typical := make([]float64, len(pieces))
	for i, f := range pieces {
		l.each(f.pos, f.unit, func(trait int, value byte) {
			typical[i] += c.gain(trait, value, s.of(trait, value), true)
		})
	}
	slices.Sort(typical)
	median := typical[len(typical)/2]
	if median < 1 {
		return false
	}
	gains := new([traits][256]float64)
	for t := range traits {
		for v := range 256 {
			if t == traitText && v >= len(s.text) {
				break
			}
			gains[t][v] = c.gain(t, byte(v), s.of(t, byte(v)), false)
			if t == traitText && v&1 == 0 {
				gains[t][v] = min(gains[t][v], 0)
			}
		}
	}
	places, valid, like := 0, 0, 0
	for p := l.lo; p < l.hi; p += l.step() {
		places++
		u, _, ok := e.unit.scan(e.data, p)
		if !ok || p+u.len() > len(e.data) {
			continue
		}
		valid++
		v := 0.0
		l.each(p, u, func(trait int, value byte) { v += gains[trait][value] })
		if v >= median/2 {
			like++
		}
	}
	size := float64(pieces[len(pieces)-1].pos-pieces[0].pos) / float64(len(pieces)-1)
	own := float64(places) / max(size, 1) // of these places are frames
	rare := -math.Log2((max(0, float64(like)-own) + 0.5) / (max(0, float64(valid)-own) + 1))
	scale := min(1, rare/median)
	if scale*median < 0.5 {
		return false
	}
	for t := range traits {
		for v := range 256 {
			l.gains[t][v] = int32(math.Round(gains[t][v] * scale * gainUnit))
		}
	}
	bodies := make([]int32, len(pieces))
	for i, f := range pieces {
		bodies[i] = l.bodyGain(f.pos, f.unit)
	}
	slices.Sort(bodies)
	l.typical = bodies[len(bodies)/2]
	return true
}
