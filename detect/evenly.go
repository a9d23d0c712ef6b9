package detect

const (
	mostEven  = 512 // bytes of a record
	leastEven = 8   // records that are enough to see that they are alike
	evenBits  = 48  // that show records
	evenDoubt = 100 // bits of a rule of which records make doubt
)

// evenly returns the length of the records that streams seem to be: the bytes at
// one place of each are alike. It is 0 where they seem to be none. Data like that
// is tiled by many rules, and tells of none.
func evenly(streams []Stream, costs *[256]float64) int {
	size := 0
	for _, s := range streams {
		size = gcd(size, len(s.Data))
	}
	best, most := 0, 0.0
	for n := 2; n <= min(mostEven, size); n++ {
		if size%n != 0 {
			continue
		}
		records := 0
		columns := make([]column, n)
		for _, s := range streams {
			b := s.Data[:min(len(s.Data), max(1, columnFrames/len(streams))*n)]
			for i, c := range b {
				columns[i%n].add(c)
			}
			records += len(s.Data) / n
		}
		if records < leastEven {
			break
		}
		bits := 0.0
		for i := range columns {
			bits += columns[i].saving(costs)
		}
		if bits > evenBits && bits > 1.2*most { // a multiple of the true length saves as much
			best, most = n, bits
		}
	}
	return best
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
