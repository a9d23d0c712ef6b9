package frame

import "io"

// A Lender is a source that has its bytes in memory already: a Reader looks at them
// where they lie and copies nothing.
type Lender interface {
	io.Reader // not called by a Reader

	// Lend returns unread, or the same bytes elsewhere, with more of the stream
	// behind them. The Reader waits for need bytes, and asks again where fewer
	// came. reads is how many reads have brought what is new; 0 where it came
	// together with what was lent before. What is lent stays as it is until the next
	// call of Lend or Keep.
	Lend(unread []byte, need int) (lent []byte, reads int, err error)

	// Keep returns the bytes of unread in memory that stays.
	Keep(unread []byte) []byte
}

// Settle has the Reader let go of what its source has lent it: what it still needs
// is with [Lender.Keep]. It does nothing for other sources.
func (r *Reader) Settle() {
	if r.lender != nil {
		r.look(r.lender.Keep(r.buf[r.pos:r.end:r.end]))
	}
}

// borrow is fill for a source that lends.
func (r *Reader) borrow(need int) error {
	for empty := 0; need > 0; {
		if err := r.srcErr; err != nil {
			if err != io.EOF {
				r.srcErr = nil
			}
			return err
		}
		unread := r.buf[r.pos:r.end]
		buf, reads, err := r.lender.Lend(unread, need)
		r.srcErr = err
		n := len(buf) - len(unread)
		if n <= 0 {
			if empty++; err == nil && empty == emptyReads {
				return io.ErrNoProgress
			}
			continue
		}
		empty = 0
		r.look(buf)
		r.reads = max(r.reads+reads, 1)
		need -= n
	}
	return nil
}

// look makes buf what is unread.
func (r *Reader) look(buf []byte) { r.buf, r.pos, r.kept, r.end = buf, 0, 0, len(buf) }
