package frame

import (
	"errors"
	"io"
)

const (
	// A start is looked for by trying. Of what it starts, no more than this is
	// looked at; what claims to be longer is a start of which the end must show
	// whether it is one.
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
// there and what has arrived behind it does not contradict it. A place whose head
// claims more than 64 KiB waits until that has come, with what follows from its first
// byte on in memory; it gives way to a later place only where several frames follow
// one another.
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
	if marks, ok := r.codec.(Resyncer); ok {
		return r.marked(marks, buf, ended)
	}
	if r.search == nil {
		r.search = &search{next: r.offset}
	}
	r.search.next = max(r.search.next, r.offset)
	drop, found = r.try(buf, ended)
	if found || ended {
		r.search = nil
	}
	return drop, found
}

// marked looks for a start among those that the codec recognises.
func (r *Reader) marked(marks Resyncer, buf []byte, ended bool) (drop int, found bool) {
	for ; drop < len(buf); drop++ {
		n := marks.Resync(buf[drop:])
		if n > 0 {
			r.st = State{}
		}
		r.earn(int64(n))
		if drop += n; drop == len(buf) {
			break
		}
		if r.credit < resyncLeast {
			r.earn(1)
			continue
		}
		_, need, cost, ok := r.consider(buf[drop:])
		switch {
		case !ok:
		case need > 0 && !ended && len(buf)-drop < cost:
			return drop, false
		default:
			return drop, true
		}
		r.st = State{}
		r.credit -= cost
		r.earn(1)
	}
	return drop, false
}

// consider asks the codec about the start of buf, and says what it costs if that was for
// nothing.
func (r *Reader) consider(buf []byte) (sp Span, need, cost int, ok bool) {
	cost = min(resyncWindow, r.credit)
	sp, need, err := r.codec.Scan(buf[:min(len(buf), cost)], &r.st)
	e, _ := errors.AsType[*Error](err)
	switch {
	case e != nil:
		cost = int(min(e.Offset, int64(cost)))
	case err == nil && sp.Body > r.limit:
		cost = min(cost, sp.Head+1)
	}
	return sp, need, cost, err == nil && sp.Body <= r.limit
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
