package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
)

const (
	mostWeighed = 80 // rules of which the evidence is weighed
	mostEqual   = 8  // and of those in which all frames are equally long
	fewFrames   = 4

	rarest = 14 // bits that one frame proves at most

	// mostHops is how many bits it proves at most that one length leads to the next.
	// Beyond it only the noise of the estimate would count.
	mostHops = 120

	// mostContent is how many bits it proves at most that lengths and the bytes at
	// fixed places are alike: what is inside the messages may be built like that,
	// while no chance makes a wide length lead from frame to frame.
	mostContent = 40
	mostPlaces  = 20

	// crowdEach is how many bits each length proves at most by being like the others.
	crowdEach = 4

	// markBits is what it proves that every frame starts with bytes that stand nowhere
	// else.
	markBits = 24

	// missingEnd is what it costs when a stream that has ended ends inside a frame.
	missingEnd = 6

	// spelledOut is what it proves that a length and nothing else stands before each
	// of several messages of text that are all equally long: a constant at the start
	// of records is rarely just the number of bytes behind it. It names the likeliest
	// rule, and decides nothing.
	spelledOut = 24

	// emptyTurns is what it costs that empty frames come in turn with others.
	emptyTurns = mostHops
)

// A claim is one framing with what speaks for and against it.
type claim struct {
	Candidate
	bits     float64 // how much more likely the data is under it than by chance, in bits
	chain    uint64  // hash of where its frames start; 0 where that is not compared
	rule     *rule   // nil for what is no length field
	starts   [][]int
	named    bool    // a preset: rule is what it is a spelling of
	zeros    int     // columns beside the length that are always 0
	values   bool    // lines of which each is a JSON value
	proof    float64 // bits of it that lengths, their crowding and texts prove
	places   float64 // bits of it that constant places prove
	hop      float64 // bits that one length proves
	around   int     // columns beside the length, on either side, that are always 0
	lows     []int   // where the lowest bytes of the lengths stand
	fields   uint64  // hash of where the lengths stand that it reads; 0 for other claims
	leftHead bool    // what is left over at the end may be as much before the first frame
	marked   bool    // frames start with bytes that stand nowhere else
	shortest int     // bytes of the shortest frame; only of length fields
	single   bool    // one frame in all
	equal    bool    // all frames are equally long
}

// lengthRules tries every rule of the length-field family on streams, and returns
// those that tile them. broken holds those that went furthest before they broke.
func lengthRules(streams []Stream, most int) (claims, broken []claim) {
	var (
		equal     []survivor
		few       []survivor // as equal, but of so few frames that it may be chance
		survivors []survivor
		scratch   = make([][]int, len(streams))
		best      = map[*number]claim{}
	)
	for i := range numbers {
		kind := &numbers[i]
		if kind.width < 2 && most < mostWeighed {
			continue // who wants it quick wants what is sure
		}
		glance := kind.glance(streams)
		for at := range maxAt + 1 {
			for extra := -max(maxExtra, at+kind.width); extra <= maxExtra+1; extra++ {
				r := rule{kind: kind, at: at, extra: extra}
				if extra == maxExtra+1 {
					if kind.width > 0 {
						continue
					}
					r.extra, r.whole = 0, true
				}
				if streams[0].wide && !r.large() {
					continue
				}
				c := r.follow(streams, scratch)
				copy(scratch, c.starts)
				switch {
				case streams[0].wide && c.cut > 0: // large frames that the end cuts off may be any
				case c.fail.size == 0 && c.sizes == 1 && c.frames <= fewFrames:
					few = append(few, survivor{r, r.cost()})
				case c.fail.size == 0 && c.sizes == 1:
					equal = append(equal, survivor{r, r.cost()})
				case c.fail.size == 0 && c.frames > 0:
					survivors = append(survivors, survivor{r, r.cost() - float64(min(c.frames, 20))*glance})
				case c.fail.size != 0 && r.extra == 0 && at == 0 && c.reach >= best[kind].reach():
					best[kind] = claim{Candidate: Candidate{Framing: r.spelling(layout{}), Frames: c.frames, Bytes: int64(c.reach), Broke: c.fail.String()}}
				}
			}
		}
	}
	weighed := withSiblings(cheapest(survivors, most), survivors)
	claims = weighAll(slices.Concat(weighed, cheapest(equal, mostEqual), cheapest(few, most/2)), streams)
	for _, b := range best {
		broken = append(broken, b)
	}
	slices.SortFunc(broken, func(a, b claim) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Framing, b.Framing))
	})
	return claims, broken
}

// glance is about how many bits one length of this kind proves that leads to another
// in data of this size.
func (k *number) glance(streams []Stream) float64 {
	const least = 0.5 // also of the numbers in base 128, of which the ends prove a little
	size := 0
	for _, s := range streams {
		size = max(size, len(s.seen()))
	}
	return max(least, float64(8*k.width)-math.Log2(float64(size+1)))
}

// A survivor is a rule that tiles, and what it costs to believe in it at a glance.
type survivor struct {
	rule rule
	cost float64
}

func cheapest(list []survivor, most int) []survivor {
	slices.SortStableFunc(list, func(a, b survivor) int { return cmp.Compare(a.cost, b.cost) })
	return slices.Clip(list[:min(len(list), most)])
}

// withSiblings adds to chosen those of all that differ from a chosen one only in how
// they write lengths below 128: what cannot be told apart must not look decided.
func withSiblings(chosen, all []survivor) []survivor {
	type place struct {
		at, extra int
		whole     bool
	}
	places, have := map[place]bool{}, map[rule]bool{}
	for _, s := range chosen {
		have[s.rule] = true
		if s.rule.kind.width < 2 {
			places[place{s.rule.at, s.rule.extra, s.rule.whole}] = true
		}
	}
	for _, s := range all {
		if s.rule.kind.width < 2 && !have[s.rule] && places[place{s.rule.at, s.rule.extra, s.rule.whole}] {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

func (c claim) reach() int { return int(c.Bytes) }

// turned reports whether what the last frame, from end on, has or lacks may be as
// much of the first one: bytes that the length does not count may stand before it or
// behind the body.
func (r *rule) turned(b []byte, end int) bool {
	if len(b)-end <= r.at {
		return true
	}
	n := r.frame(b, end)
	return r.extra > 0 && n > 0 && end+n > len(b) && end+n-len(b) <= r.extra
}

// grown reports whether bytes beside the length, which are zero in every whole frame,
// are not in the frame that rest is the start of: then it is no such frame, or the
// length is wider and far more than is left.
func (t *table) grown(r *rule, rest []byte) bool {
	if t.frames < fewFrames || r.kind.width == 0 {
		return false
	}
	zeros := t.zerosBeside(r)
	for i := range zeros {
		at := r.at - 1 - i
		if r.kind.little && t.after[0].zero(t.frames) {
			at = r.at + r.kind.width + i
		}
		if at >= 0 && at < len(rest) && rest[at] != 0 {
			return true
		}
	}
	return false
}

// emptyInTurn reports whether in one of the streams as many empty frames as ever stand
// before each frame that is none: the upper bytes of a length that is wider.
func (c *chain) emptyInTurn(streams []Stream) bool {
	for i, list := range c.starts {
		runs, usual, alike := 0, 0, 0
		run := -1 // the first one may have begun before the data
		for _, p := range list[:len(list)-1] {
			value, _ := c.rule.kind.read(streams[i].Data, p+c.rule.at)
			switch {
			case value == 0 && run >= 0:
				run++
			case value != 0:
				if run >= 0 {
					if runs == 0 {
						usual = run
					}
					if runs++; run == usual {
						alike++
					}
				}
				run = 0
			}
		}
		if usual > 0 && runs >= fewFrames && alike >= runs-runs/8 {
			return true
		}
	}
	return false
}

// marksOff reports whether mark stands almost nowhere but at the start of so many
// frames.
func marksOff(mark string, streams []Stream, frames int) bool {
	n := 0
	for _, s := range streams {
		n += bytes.Count(s.seen(), []byte(mark))
	}
	return n <= frames+frames/8
}

// textProof is what it proves that all bytes which are no text stand outside the
// bodies.
func (t *table) textProof(l layout) (bits float64, text bool) {
	if !t.text(l.skip, l.tail) {
		return 0, false
	}
	around, total := 0, 0
	for i, raw := range t.rows {
		around += t.heads[i] + l.skip + l.tail
		total += len(raw)
	}
	var foreign [4]int // in each quarter of the bytes: what is right is so all along
	at := 0
	for i, raw := range t.rows {
		quarter := &foreign[4*at/total]
		at += len(raw)
		for _, part := range [][]byte{raw[:t.heads[i]+l.skip], raw[len(raw)-l.tail:]} {
			for _, b := range part {
				if !isTextByte(b) {
					*quarter++
				}
			}
		}
	}
	told := foreign[0] + foreign[1] + foreign[2] + foreign[3]
	if len(t.rows) >= 4*fewFrames {
		told = 4 * slices.Min(foreign[:])
	}
	return float64(told) * -math.Log2(float64(around+1)/float64(total+1)), true
}

// againstText is what speaks against binary lengths in streams that are text with
// their lengths and all.
func (r *rule) againstText(c *chain, streams []Stream) (bits float64) {
	const seldom = 1.4 // bits: that a byte is one of text
	for i, s := range streams {
		b := s.seen()
		if !lineText(b, true) {
			continue
		}
		bits += seldom * float64(min(len(c.starts[i]), 40)*max(r.kind.width, 1))
		if bytes.Count(b, []byte{'\n'}) > 1 {
			bits += lineBits
		}
	}
	return bits
}

func describe(t *table, l layout, text bool) string {
	s := fmt.Sprintf("%d different lengths", t.distinct)
	if t.distinct == 1 {
		s = "all equally long"
	}
	if text {
		s += ", bodies of text"
	}
	if l.check != "" {
		s += ", every " + l.check + " is right"
	}
	if l.magic != "" {
		s += fmt.Sprintf(", every frame starts with %x", l.magic)
	}
	return s
}
