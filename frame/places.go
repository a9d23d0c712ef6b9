package frame

import (
	"container/heap"
	"math"
	"slices"
)

const (
	// Where more places than one of so many wait for their ends, heads say too little
	// to wait for any.
	waitingShare = 64
	waitingLeast = 64
	waitingMost  = 64 << 10

	chainLeast = 3   // frames with a body that may not have come about by chance
	chainMost  = 32  // frames that are looked at for that
	weakMost   = 8   // places that are looked at again when more has come
	verifyRate = 8   // bytes of large frames that may be looked at whole, for each that has come
	nextHead   = 256 // bytes behind a large frame in which the next head must not be wrong

	// While a place waits for its end, those behind it are tried, and once more behind
	// the next broken frame. So many times are they for each new place; beyond that
	// nothing is waited for, and the first start is taken: the time stays linear.
	againRate = 4
	againMost = 256 << 10
)

// A search is how far Resync has come, for codecs that do not recognise a start.
// Offsets are those of the stream.
type search struct {
	next    int64   // the first place not tried
	tried   int     // places so far
	heads   int     // of them, those with a head that could be one
	waiting waiting // for their ends
	order   []*wait // the same by their starts, and some that wait no more
	weak    []int64 // places of whole frames that prove little
	large   []int64 // places of large frames of which the end has come
}

// A wait is a place whose frame, by its head, ends at end.
type wait struct {
	at, end int64
	over    bool
}

// waiting is a heap of places, of which the end that comes first is on top.
type waiting []*wait

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].end < w[j].end }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(*wait)) }
func (w *waiting) Pop() any {
	last := len(*w) - 1
	x := (*w)[last]
	*w = (*w)[:last]
	return x
}

// try looks for a start at every place of buf, which begins at r.offset.
func (r *Reader) try(buf []byte, ended bool) (drop int, found bool) {
	s := r.search
	r.arrived(buf, ended)
	if at, ok := r.choose(buf); ok {
		return at, true
	}
	for i := int(s.next - r.offset); i < len(buf); i++ {
		if r.again == 0 {
			if at, ok := r.choose(buf); ok {
				return at, true
			}
		}
		if r.credit < resyncLeast {
			r.earn(1)
			r.pass(i)
			continue
		}
		sp, need, cost, ok := r.consider(buf[i:])
		if ok {
			s.heads++
		}
		at := r.offset + int64(i)
		switch {
		case !ok:
		case need > 0 && sp.Len() > resyncWindow:
			cost = sp.Head + 1
			if r.again > 0 && (!ended || sp.Len() <= len(buf)-i) {
				s.await(at, sp.Len())
			}
		case need > 0 && !ended && len(buf)-i < cost:
			return r.keep(i), false
		case need > 0:
		case r.follows(buf[i+sp.Len() : min(len(buf), i+max(cost, sp.Len()))]):
			if r.again == 0 || s.first(at) || r.proven(buf[i:]) {
				return i, true
			}
			s.weak = note(s.weak, at)
			cost = 0 // proven has taken it
		}
		r.st = State{}
		r.credit -= cost
		r.earn(1)
		r.pass(i)
	}
	r.arrived(buf, ended)
	if ended {
		s.order = nil // what has not come will not
	}
	if at, ok := r.choose(buf); ok {
		return at, true
	}
	if ended {
		return len(buf), false
	}
	return r.keep(len(buf)), false
}

// choose returns the index in buf of the first place that is taken for a start: one
// before which none waits, or behind which there are frames enough; or the first whole
// frame, where there is no time to wait.
func (r *Reader) choose(buf []byte) (i int, ok bool) {
	s := r.search
	if r.again == 0 && len(s.weak) > 0 {
		return int(s.weak[0] - r.offset), true
	}
	for _, places := range [][]int64{s.large, s.weak} {
		best := int64(-1)
		for _, at := range places {
			if (best < 0 || at < best) && (s.first(at) || r.proven(buf[at-r.offset:])) {
				best = at
			}
		}
		if best >= 0 {
			return int(best - r.offset), true
		}
	}
	return 0, false
}

// first reports whether no place before at waits.
func (s *search) first(at int64) bool {
	for len(s.order) > 0 && s.order[0].over {
		s.order = s.order[1:]
	}
	return len(s.order) == 0 || s.order[0].at >= at
}

// note adds a place of which more may tell, if it is not one too many.
func note(places []int64, at int64) []int64 {
	if len(places) == weakMost {
		if at > places[weakMost-1] {
			return places
		}
		places = places[:weakMost-1]
	}
	places = append(places, at)
	slices.Sort(places)
	return places
}

// pass goes on behind a place that is none, the i-th of the buffer.
func (r *Reader) pass(i int) {
	at := r.offset + int64(i)
	r.search.next = at + 1
	r.search.tried++
	if at < r.tried {
		r.again = max(0, r.again-1)
		return
	}
	r.tried = at + 1
	r.again = min(againMost, r.again+againRate)
}

// await remembers that a frame of size bytes may start at.
func (s *search) await(at int64, size int) {
	if len(s.waiting) < min(waitingMost, waitingLeast+s.tried/waitingShare) {
		w := &wait{at: at, end: at + int64(size)}
		heap.Push(&s.waiting, w)
		s.order = append(s.order, w)
	}
}

// keep returns how many of the first n bytes of the buffer nobody waits for.
func (r *Reader) keep(n int) int {
	s := r.search
	least := r.offset + int64(n)
	if !s.first(least) {
		least = s.order[0].at
	}
	for _, places := range [][]int64{s.large, s.weak} {
		for _, at := range places {
			least = min(least, at)
		}
	}
	return int(least - r.offset)
}

// arrived looks at the places whose ends have come, and notes those behind which
// another frame may follow.
func (r *Reader) arrived(buf []byte, ended bool) {
	s := r.search
	for len(s.waiting) > 0 {
		w := s.waiting[0]
		if w.end-r.offset > int64(len(buf)) { // which an int of 32 bits may not hold
			return
		}
		i, end := int(w.at-r.offset), int(w.end-r.offset)
		next := buf[end:min(len(buf), end+nextHead)]
		if len(next) < resyncHead && !ended {
			if _, need, err := r.codec.Scan(next, &State{}); err == nil && (need > 0 || len(next) == 0) {
				return // the next head is not there
			}
		}
		heap.Pop(&s.waiting)
		w.over = true
		size := int64(end - i)
		if !r.follows(next) || r.verified+size > verifyRate*(r.offset+int64(len(buf))) {
			continue
		}
		r.verified += size
		if sp, need, err := r.codec.Scan(buf[i:end], &State{}); err == nil && need == 0 && sp.Len() == end-i {
			s.large = note(s.large, w.at)
		}
	}
}

// resyncHead is how many bytes of the next head are waited for.
const resyncHead = 8

// proven reports whether what starts at buf is more frames behind one another than
// chance makes, or as many as have come.
func (r *Reader) proven(buf []byte) bool {
	least := r.search.least()
	bodies, looked := 0, 0
	defer func() { r.credit = max(0, r.credit-looked) }()
	for range chainMost {
		if len(buf) == 0 {
			return bodies > 0
		}
		sp, _, err := r.codec.Scan(buf[:min(len(buf), nextHead)], &State{})
		if looked += nextHead; looked >= r.credit || err != nil || sp.Body > r.limit || sp.Len() == 0 || sp.Len() > len(buf) {
			return false
		}
		if sp.Body > 0 {
			bodies++
		}
		if bodies == least {
			return true
		}
		buf = buf[sp.Len():]
	}
	return false
}

// least is how many frames behind one another chance does not make, by how many of
// the places tried have a head.
func (s *search) least() int {
	bits := math.Log2(float64(s.tried+2) / float64(s.heads+1))
	return min(chainMost, max(chainLeast, int(math.Ceil((math.Log2(float64(s.tried+2))+10)/max(bits, 0.1)))))
}
