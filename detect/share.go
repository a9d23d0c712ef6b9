package detect

import "slices"

const (
	// strayMost is how many bits it proves at most to have read lengths which others
	// that run along the same frames have not.
	strayMost = 60

	// strangeZero is how many bits a place beside the length costs that is zero in
	// every frame and not explained, among claims that cut the streams alike.
	strangeZero = 4
)

// A family is the claims that, in the middle of the streams, read the same lengths.
type family struct {
	proof  float64
	common []int // where lengths stand that all of them read, ascending
}

// share gives claims that read the same lengths the same proof of them: the bytes
// prove the lengths, not the way to describe them. A chain that begins beside the
// frames comes upon them by chance and runs along; what it read before counts for
// itself.
func share(claims []claim) {
	families, places, zeros := map[uint64]*family{}, map[uint64]float64{}, map[uint64]int{}
	hops := map[uint64]float64{}
	for i := range claims {
		c := &claims[i]
		if c.fields == 0 {
			continue
		}
		f := families[c.fields]
		if f == nil {
			f = &family{common: slices.Clone(c.lows)}
			families[c.fields] = f
		} else {
			f.keep(c.lows)
		}
		f.proof = max(f.proof, c.proof)
		alike := c.fields ^ c.chain
		if least, ok := zeros[alike]; !ok || c.around < least {
			zeros[alike] = c.around
		}
		places[alike] = max(places[alike], c.places)
		hops[alike] = max(hops[alike], c.hop)
	}
	for i := range claims {
		c := &claims[i]
		if c.fields == 0 {
			continue
		}
		f, alike := families[c.fields], c.fields^c.chain
		c.bits += f.proof - c.proof + places[alike] - c.places
		c.proof, c.places = f.proof, places[alike]
		c.bits += min(strayMost, float64(len(c.lows)-len(f.common))*hops[alike])
		c.bits -= strangeZero * float64(c.around-zeros[alike])
	}
}

// keep leaves in common only what is in lows.
func (f *family) keep(lows []int) {
	kept := f.common[:0]
	for _, at := range f.common {
		for len(lows) > 0 && lows[0] < at {
			lows = lows[1:]
		}
		if len(lows) > 0 && lows[0] == at {
			kept = append(kept, at)
		}
	}
	f.common = kept
}
