package detect

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// explained takes out of claims those which another one explains: a narrower
// length whose neighbours are always zero, a rule that cuts each frame of another
// into empty ones and one that is not, the spelling of a preset.
func explained(claims []claim) (kept, out []claim) {
	share(claims)
	slices.SortStableFunc(claims, func(a, b claim) int {
		switch {
		case a.bits > b.bits:
			return -1
		case a.bits < b.bits:
			return 1
		}
		return 0
	})
	gone := make([]string, len(claims))
	for i := range claims {
		for j := range claims {
			if i == j || gone[i] != "" || gone[j] != "" {
				continue
			}
			if why := claims[i].explains(&claims[j]); why != "" {
				gone[j] = why
			}
		}
	}
	for i := range claims {
		for j := range claims {
			if gone[i] == "" && gone[j] != "" && strings.HasPrefix(gone[j], cutting) && claims[i].fields != 0 && claims[i].fields == claims[j].fields && claims[i].rule.kind.width <= claims[j].rule.kind.width {
				gone[i] = gone[j]
			}
		}
	}
	for i, c := range claims {
		if gone[i] == "" {
			kept = append(kept, c)
			continue
		}
		if gone[i] == same {
			continue
		}
		c.Broke, c.Evidence = gone[i], ""
		out = append(out, c)
	}
	return kept, out
}

// cutting begins the reason of a claim that has frames of its own between those of
// another. What reads the same lengths as such a claim goes with it.
const cutting = "cuts each frame of "

// same is the reason of a claim that is another one's in other words.
const same = "same"

// explains says why c makes d superfluous; empty where it does not.
func (c *claim) explains(d *claim) string {
	switch {
	case c.preset() && d.rule != nil && !d.preset() && *c.rule == *d.rule:
		c.bits = max(c.bits, d.bits+presetBonus)
		c.SameAs = append(c.SameAs, d.Framing)
		c.SameAs = append(c.SameAs, d.SameAs...)
		return same
	case c.preset() && d.rule != nil && !d.preset() && c.chain == d.chain && d.rule.kind != c.rule.kind && c.bits > unknown+presetBonus:
		return fmt.Sprintf("tiles too, but what stands in the frames is of %s", c.Framing)
	case c.plainer(d):
		return fmt.Sprintf("reads the same lengths as %s, which is plainer", c.Framing)
	case c.chain == d.chain && c.rule != nil && d.rule != nil && c.wider(d):
		return fmt.Sprintf("leaves bytes beside its length that are always 0; %s explains them", c.Framing)
	case c.outgrows(d):
		return fmt.Sprintf("reads the lengths of %s up to the last one, which needs more bytes, and runs through its message to the end", c.Framing)
	case c.rule != nil && d.rule != nil && c.fields == d.fields && d.rule.odd() && !c.rule.odd() && c.bits > unknown && c.Cut <= d.Cut:
		return fmt.Sprintf("finds the frames of %s from the middle of the first one on", c.Framing)
	case c.Framing == "syslog" && d.Framing == "json" && d.Frames == 2*c.Frames && c.Cut == 0:
		return "takes for values the numbers that are the lengths of those behind them"
	case c.values && d.Framing == "json":
		return same // which any text of values is, in lines or not
	case c.groups(d) && !d.says(c):
		return fmt.Sprintf(cutting+"%s into empty ones and one more", c.Framing)
	case c.says(d) && c.rule.kind.width > 1 && d.groups(c):
		return fmt.Sprintf("joins frames of %s", c.Framing)
	}
	return ""
}

const presetBonus = 8

func (c *claim) preset() bool { return c.rule != nil && c.named }

// wider reports whether the length of d is the lower part of that of c, of which
// the rest is always zero, and c is as plain a rule.
func (c *claim) wider(d *claim) bool {
	if !c.holds(d) {
		return false
	}
	// Zeros that even the widest leaves may belong to none of them, or to one that
	// is wider than any: except a byte of flags before it, and where there is nothing
	// but the length.
	if c.zeros == 0 || !c.rule.kind.little && c.rule.at == 1 || c.rule.plain() {
		return true
	}
	d.bits = max(c.bits, d.bits)
	c.bits = d.bits
	return false
}

// plainer reports whether c and d cut the streams alike by the same bytes, and c, of
// which the length says all that is behind it, is what people would rather make. What
// differs is how wide the length is that is small so far.
func (c *claim) plainer(d *claim) bool {
	const rather = 3 // bits
	if c.rule == nil || d.rule == nil || c.named || d.named || c.chain != d.chain || c.rule.kind.width < 2 || !c.rule.plain() && c.rule.extra != 0 || c.rule.kind.little != d.rule.kind.little && d.rule.kind.width > 1 {
		return false
	}
	return c.rule.cost()+rather <= d.rule.cost() && slices.Equal(c.lows, d.lows)
}

// outgrows reports whether c, which ends where the streams do, and d, which does not,
// read the same lengths up to the last frames of c: of their lengths d then has the
// lower part alone, and any bytes are frames of it that the end cuts off.
func (c *claim) outgrows(d *claim) bool {
	const fewest = 2 // frames that they share
	if c.rule == nil || d.rule == nil || c.Cut > 0 || d.Cut == 0 || !c.holds(d) {
		return false
	}
	shared := 0
	for i, wide := range c.starts {
		last := len(wide) - 2
		if last < 0 || len(d.starts[i]) <= last || !slices.Equal(wide[:last+1], d.starts[i][:last+1]) {
			return false
		}
		shared += last
	}
	return shared >= fewest
}

// holds reports whether the length of d is a part of that of c, which is as plain a
// rule and reads the same values.
func (c *claim) holds(d *claim) bool {
	a, b := c.rule, d.rule
	low := max(b.kind.width, 1) // a number of base 128 has one byte where it looks like a fixed one
	if c.named || d.named || a.kind.width <= low || a.cost() > b.cost()+2 {
		return false
	}
	if b.kind.width > 1 && a.kind.little != b.kind.little {
		return false
	}
	return a.kind.little && a.at == b.at || !a.kind.little && a.at+a.kind.width == b.at+low
}

// groups reports whether d cuts every frame of c into equally many pieces, of
// which all but the last, or all but the first, are as short as its frames are.
func (c *claim) groups(d *claim) bool {
	if c.Frames == 0 || d.Frames < 2*c.Frames || len(c.starts) != len(d.starts) || c.bits < 0 {
		return false
	}
	per := d.Frames / c.Frames
	varies, opens, closes := false, true, true
	short := math.MaxInt
	for _, list := range d.starts {
		for i := 1; i < len(list); i++ {
			short = min(short, list[i]-list[i-1])
		}
	}
	for s, coarse := range c.starts {
		fine := d.starts[s]
		if n := per * (len(coarse) - 1); len(fine)-1 < n || len(fine)-1 > n+per && len(coarse) <= equalHops {
			return false
		}
		for i := 0; i+1 < len(coarse); i++ {
			group := fine[i*per : i*per+per+1]
			if group[0] != coarse[i] || group[per] != coarse[i+1] {
				return false
			}
			first, last := group[1]-group[0], group[per]-group[per-1]
			for k := 1; k+1 < per; k++ {
				if group[k+1]-group[k] != short {
					return false
				}
			}
			opens, closes = opens && first == short, closes && last == short
			varies = varies || first != short || last != short
		}
	}
	return (opens || closes) && varies && (!c.equal || c.rule != nil && c.rule.at == 0 && c.rule.extra == 0)
}

// says reports whether the short frames of d say something: they have a body. Then
// c, which joins them with others, would have to be plainer: it would be chance that
// their lengths are right.
func (d *claim) says(c *claim) bool {
	r := d.rule
	if r == nil || d.named || c.rule != nil && r.cost() > c.rule.cost() {
		return false
	}
	return d.shortest > max(r.extra, 0)+r.at+max(r.kind.width, 1)
}

// records sees to fastdaemon, of which a record is two strings behind lengths of
// u32be. Where each of several streams is one record, that is what it is; where
// there are more, either may be meant, and every record is two frames. A single
// stream of two strings tells nothing: the claim returned is the other reading.
func records(claims []claim, streams []Stream) []claim {
	for i := range claims {
		c := &claims[i]
		if c.rule == nil || *c.rule != (rule{kind: u32be}) || c.named || c.Cut > 0 {
			continue
		}
		one := 0
		for i, list := range c.starts {
			if (len(list)-1)%2 != 0 || !pairsOfText(streams[i].Data, list) {
				return nil
			}
			if len(list)-1 == 2 {
				one++
			}
		}
		switch {
		case one < len(c.starts):
			c.SameAs = append(c.SameAs, "fastdaemon")
		case one > 1:
			c.SameAs = append(c.SameAs, c.Framing)
			c.Framing = "fastdaemon"
			c.Frames /= 2
			c.Evidence = "each stream is one record of two strings"
		default:
			d := claim{Candidate: c.Candidate, bits: c.bits - 1}
			d.Framing, d.SameAs, d.Frames, d.Evidence = "fastdaemon", nil, 1, "a record of two strings"
			return []claim{d}
		}
	}
	return nil
}

func pairsOfText(b []byte, starts []int) bool {
	for i := 1; i < len(starts); i++ {
		if !isText(b[starts[i-1]+u32be.width : starts[i]]) {
			return false
		}
	}
	return true
}

// halved reports whether every other frame is empty, perhaps from the second one on: a
// wider length that is small is read in halves.
func (c *claim) halved() bool {
	r := c.rule
	if r == nil || c.named || r.kind.little || r.kind.width < 1 || !r.plain() || c.Frames < fewFrames {
		return false
	}
	for _, list := range c.starts {
		if len(list) < fewFrames {
			return false
		}
		for i := 3; i < len(list); i++ {
			if (list[i]-list[i-1] == r.kind.width) == (list[i-1]-list[i-2] == r.kind.width) {
				return false
			}
		}
	}
	return true
}
