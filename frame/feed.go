package frame

import (
	"errors"
	"io"
)

// ErrPending is the error of a [Feed] that was given no more yet.
var ErrPending = errors.New("wait for more of the stream")

const (
	// lendLeast is how many bytes, at the least, are copied behind what lies
	// elsewhere: a framing that asks for a byte at a time gets more.
	lendLeast = 512

	keepMost = 16 << 10 // bytes of memory that a Feed keeps for nothing
)

// A Feed is the source of a Reader that is given its bytes piece by piece, from a
// recording or by whoever has read them for another purpose, too. It is a [Lender]:
// a frame is copied only where it lies in more than one piece.
//
//	feed.Give(piece)
//	for {
//		f, err := reader.Next() // with ErrPending when it has seen all of piece
//		…
//	}
//	reader.Settle() // before the memory of piece is used again
//
// The zero value is a stream that has not begun. A Feed is not safe for concurrent
// use.
type Feed struct {
	piece []byte
	at    int    // bytes of piece that were lent
	own   []byte // what was copied; it ends with what is unread
	ended bool
}

// Give adds piece, which is borrowed, to a stream all of which was lent.
func (f *Feed) Give(piece []byte) { f.piece, f.at = piece, 0 }

// End says that no more will be given.
func (f *Feed) End() { f.ended = true }

// Ended reports whether End was called.
func (f *Feed) Ended() bool { return f.ended }

// Dry reports whether all that was given was lent, and more may be.
func (f *Feed) Dry() bool { return f.at == len(f.piece) && !f.ended }

// Rest returns what was given and not lent yet.
func (f *Feed) Rest() []byte { return f.piece[f.at:] }

// Lend implements [Lender].
func (f *Feed) Lend(unread []byte, need int) (lent []byte, reads int, err error) {
	switch {
	case f.at == len(f.piece) && f.ended:
		return unread, 0, io.EOF
	case f.at == len(f.piece):
		return unread, 0, ErrPending
	case f.at == 0:
		reads = 1
	}
	switch n := len(unread); {
	case n <= f.at: // it stands in the piece too
		lent = f.piece[f.at-n:]
		f.at = len(f.piece)
	case f.at == 0 && adjoin(unread, f.piece):
		lent = unread[:n+len(f.piece)]
		f.at = len(f.piece)
	default:
		start := len(f.keep(unread)) - n
		more := f.Rest()[:min(len(f.Rest()), max(need, lendLeast))]
		f.own = append(f.own, more...)
		f.at += len(more)
		lent = f.own[start:]
	}
	return lent, reads, nil
}

// Keep implements [Lender]. Behind it the memory of what was given is not needed any
// more, unless there is a rest.
func (f *Feed) Keep(unread []byte) []byte {
	if f.at == len(f.piece) {
		f.piece, f.at = nil, 0
	}
	own := f.keep(unread)
	return own[len(own)-len(unread):]
}

// keep makes own end with unread.
func (f *Feed) keep(unread []byte) []byte {
	n := len(unread)
	switch start := len(f.own) - n; {
	case n == 0:
		if f.own = f.own[:0]; cap(f.own) > keepMost {
			f.own = nil
		}
	case start < 0 || &f.own[start] != &unread[0]: // it lies elsewhere
		f.own = append(f.own[:0], unread...)
	case start > n: // rarely, so that a frame in many pieces is not moved each time
		f.own = f.own[:copy(f.own, unread)]
	}
	return f.own
}

// Read is for who reads the stream without a Reader.
func (f *Feed) Read(p []byte) (int, error) {
	rest, _, err := f.Lend(nil, 1)
	n := copy(p, rest)
	f.at -= len(rest) - n
	return n, err
}

// adjoin reports whether b, which is not empty, stands right behind a in memory, and
// all of it can be reached from there.
func adjoin(a, b []byte) bool {
	n := len(a)
	return cap(a)-n >= len(b) && &a[:n+1][n] == &b[0]
}
