package detect

const (
	mostEven  = 512 // bytes of a record
	leastEven = 8   // records that are enough to see that they are alike
	evenBits  = 48  // that show records
	evenDoubt = 100 // bits of a rule of which records make doubt
)

// evenly returns the length of the records that streams seem to be: the bytes at
// one place of each are alike, and unlike those at other places: what matters is how
// often these bytes stand anywhere in the same records, since what is further on may be
// of another kind. It is 0 where they seem to be none. Data like that is tiled by many
// rules, and tells of none.
func evenly(streams []Stream) int {
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
		var count [256]int
		total := 0
		for _, s := range streams {
			b := s.Data[:min(len(s.Data), max(1, columnFrames/len(streams))*n)]
			for i, c := range b {
				columns[i%n].add(c)
				count[c]++
			}
			total += len(b)
			records += len(s.Data) / n
		}
		if records < leastEven {
			break
		}
		bits := 0.0
		costs := costsOf(&count, total)
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
