package detect

import "math"

// longestPace is the longest record of which the places are told apart.
const longestPace = 64

// histograms knows how often each byte stands anywhere in streams, and at each place
// of records of one length.
type histograms struct {
	streams []Stream
	byPace  map[int]phases
	on      []bool // by byte of a window: whether a frame starts there. All false between uses
}

// phases holds, for each place of a record, the bits that each byte costs there.
type phases [][256]float64

func newHistograms(streams []Stream) *histograms {
	return &histograms{streams, map[int]phases{1: {*global(streams)}}, make([]bool, longestSeen(streams)+1)}
}

// at returns the costs for the place that many bytes behind the start of a frame.
func (p phases) at(place int) *[256]float64 { return &p[place%len(p)] }

// paced returns the costs at each place of records of so many bytes. In data that is
// made of records what is constant at a place of them is no news in frames that are
// made of whole ones.
func (h *histograms) paced(pace int) phases {
	if pace > longestPace {
		pace = 1
	}
	if p, ok := h.byPace[pace]; ok {
		return p
	}
	const trust = 16 // records for which one believes their place more than the whole
	anywhere := &h.byPace[1][0]
	var usual [256]float64
	for b, bits := range anywhere {
		usual[b] = trust * math.Exp2(-bits)
	}
	counts := make([][256]float64, pace)
	totals := make([]float64, pace)
	for _, s := range h.streams {
		for i, b := range s.seen() {
			counts[i%pace][b]++
			totals[i%pace]++
		}
	}
	for place := range counts {
		total := math.Log2(totals[place] + trust)
		never := total - math.Log2(trust) // more than anywhere
		for b := range counts[place] {
			if c := &counts[place][b]; *c > 0 {
				*c = total - math.Log2(*c+usual[b])
			} else {
				*c = anywhere[b] + never
			}
		}
	}
	h.byPace[pace] = counts
	return counts
}
