package frame

import "io"

// Lose tells the Reader that the next n bytes of the stream will not come, as in a
// capture that lacks a packet; 0 means that nobody knows how many. It is for sources
// that know, after Next has returned what stands before. The frame at hand, if any,
// is broken by it and returned as an [*Error]. Resync then finds the place where
// frames go on: where the head of the broken frame tells its length and only bytes
// of that frame are lost, right behind it.
func (r *Reader) Lose(n int64) (broken error) {
	if r.broken == nil {
		buf := r.buf[r.pos:r.end]
		text := "bytes of the stream are lost here"
		e := &Error{Start: r.offset, Offset: r.offset + int64(len(buf)), Cause: CauseTruncated, Err: &detail{io.ErrUnexpectedEOF, text}}
		if len(buf) > 0 {
			broken = e
			if _, need, err := r.ask(buf, &State{}); err == nil && n > 0 && int64(need) >= n {
				r.owed = int64(need)
			}
		}
		r.broken, r.seeking = e, true
	}
	r.first = nil // the opening may be among what is lost
	r.drop(r.end - r.pos)
	r.search = nil
	r.offset += n
	r.owed = max(0, r.owed-n)
	return broken
}
