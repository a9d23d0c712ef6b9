package frame

import (
	"errors"
	"io"
)

const (
	// A start is looked for by trying. Of what it starts, no more than this is
	// looked at: without a [Resyncer] a frame that is longer is not found at its
	// first byte.
	resyncWindow = 64 << 10

	// Looking costs credit, a byte of it for each byte that a codec was shown for
	// nothing, and every byte of the stream earns some. Where a stream is made so
	// that every byte starts something long (brackets without end, say), places
	// are passed over untried: the time stays linear.
	resyncCredit = 1 << 20
	resyncRate   = 64
	resyncLeast  = 1 << 10 // credit below which nothing is tried
)

// Resync drops the first byte of the broken frame and all that follows up to the
// next place where a frame could start, so that Next goes on there. It returns
// the bytes dropped, which belong to no frame, and io.EOF when there was no such
// place in the rest of the stream. After any other error of the source the place
// is still to be found: Next has the broken frame as before, and a later call of
// Resync looks on.
//
// Where the codec is no [Resyncer], a place is plausible if a whole frame stands
// there and what has arrived behind it does not contradict it.
func (r *Reader) Resync() (skipped int64, err error) {
	if r.broken == nil {
		return 0, nil
	}
	if !r.seeking {
		r.seeking = true
		r.earn(r.offset - r.earned)
		if e, ok := r.broken.(*Error); ok {
			r.credit -= int(min(e.Offset-e.Start, resyncCredit))
		}
		r.drop(1)
		skipped = 1
	}
	for {
		ended := r.srcErr == io.EOF
		owed := int(min(r.owed, int64(r.end-r.pos)))
		r.drop(owed)
		r.owed -= int64(owed)
		n, found := r.plausible(r.buf[r.pos:r.end], ended)
		r.drop(n)
		skipped += int64(owed + n)
		if found || ended {
			r.broken, r.seeking = nil, false
		}
		if found {
			r.earned = r.offset
			return skipped, nil
		}
		if ended {
			return skipped, io.EOF
		}
		if err := r.fill(1); err != nil && err != io.EOF {
			return skipped, err
		}
	}
}

// drop passes over n buffered bytes that belong to no frame.
func (r *Reader) drop(n int) {
	if n == 0 {
		return
	}
	r.pos += n
	r.kept = r.pos
	r.offset += int64(n)
	r.st = State{}
	r.reads = 0
	if r.pos < r.end {
		r.reads = 1
	}
}

// plausible returns the bytes of buf that can be dropped, and whether a frame
// could start behind them; if not, more bytes may tell, unless the stream has
// ended.
func (r *Reader) plausible(buf []byte, ended bool) (drop int, found bool) {
	if c, ok := r.codec.(Ender); ok {
		return c.FrameEnd(buf)
	}
	marks, _ := r.codec.(Resyncer)
	for ; drop < len(buf); drop++ {
		if marks != nil {
			n := marks.Resync(buf[drop:])
			if n > 0 {
				r.st = State{}
			}
			r.earn(int64(n))
			if drop += n; drop == len(buf) {
				break
			}
		}
		if r.credit < resyncLeast {
			r.earn(1)
			continue
		}
		most := min(resyncWindow, r.credit)
		window := buf[drop:min(len(buf), drop+most)]
		sp, need, err := r.codec.Scan(window, &r.st)
		cost := most
		switch e, _ := errors.AsType[*Error](err); {
		case e != nil:
			cost = int(min(e.Offset, int64(most)))
		case err != nil || sp.Body > r.limit:
		case need > 0 && !ended && len(window) < most:
			return drop, false
		case marks != nil:
			return drop, true
		case need == 0 && r.follows(window[sp.Len():]):
			return drop, true
		}
		r.st = State{}
		r.credit -= cost
		r.earn(1)
	}
	return drop, false
}

// earn gives credit for n bytes of the stream.
func (r *Reader) earn(n int64) {
	r.credit = int(min(resyncCredit, int64(r.credit)+min(n, resyncCredit)*resyncRate))
	r.earned = r.offset
}

// follows reports whether buf does not contradict that a frame starts there.
func (r *Reader) follows(buf []byte) bool {
	if len(buf) == 0 {
		return true
	}
	sp, _, err := r.codec.Scan(buf, &State{})
	return err == nil && sp.Body <= r.limit
}
