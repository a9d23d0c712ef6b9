package detect

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
	common map[int]bool // where lengths stand that all of them read
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
			f = &family{common: map[int]bool{}}
			for _, at := range c.lows {
				f.common[at] = true
			}
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
	kept := make(map[int]bool, len(f.common))
	for _, at := range lows {
		if f.common[at] {
			kept[at] = true
		}
	}
	f.common = kept
}
