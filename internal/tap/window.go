package tap

import (
	"errors"
	"io"
)

// errPending says that nothing more of this direction has come yet.
var errPending = errors.New("wait for the next read")

// lendLeast is how many bytes, at the least, are copied behind what lies elsewhere:
// a framing that asks for a byte at a time gets more.
const lendLeast = 4 << 10

// A window is one direction as its reader looks at it: in the block where it lies.
// Only a message that is not in one piece is copied.
type window struct {
	piece []byte // has come and was not looked at yet
	block *block // in which piece, and what the reader looks at, lie; nil for memory that will be used again soon
	own   []byte // what was copied; it ends with what is unread
	ended bool
}

// give sets the next piece of the stream, in the block that the window holds
// already or, where it holds none, from now on.
func (w *window) give(piece []byte, b *block) {
	w.piece = piece
	if w.block == nil && b != nil {
		w.block = b
		b.retain()
	}
}

// free lets go of the block.
func (w *window) free() {
	w.piece = nil // even an empty one would keep the block's memory
	if w.block != nil {
		w.block.release()
		w.block = nil
	}
}

// Lend implements [frame.Lender].
func (w *window) Lend(unread []byte, need int) ([]byte, error) {
	switch {
	case len(w.piece) == 0 && w.ended:
		return unread, io.EOF
	case len(w.piece) == 0:
		return unread, errPending
	case len(unread) == 0:
		unread = w.piece
		w.piece = nil
		return unread, nil
	case w.block != nil && adjoin(unread, w.piece):
		unread = unread[:len(unread)+len(w.piece)]
		w.piece = nil
		return unread, nil
	}
	n := min(len(w.piece), max(need, lendLeast))
	unread = w.Keep(unread)
	start := len(w.own) - len(unread)
	w.own = append(w.own, w.piece[:n]...)
	w.piece = w.piece[n:]
	return w.own[start:], nil
}

// Keep implements [frame.Lender].
func (w *window) Keep(unread []byte) []byte {
	n := len(unread)
	switch start := len(w.own) - n; {
	case n == 0:
		if w.own = w.own[:0]; cap(w.own) > keepMost {
			w.own = nil
		}
	case start < 0 || &w.own[start] != &unread[0]: // it lies elsewhere
		w.own = append(w.own[:0], unread...)
	case start > n: // rarely, so that a message in many reads is not moved each time
		w.own = w.own[:copy(w.own, unread)]
	}
	return w.own[len(w.own)-n:]
}

// Read is not called: the window lends.
func (w *window) Read([]byte) (int, error) { return 0, errPending }

// adjoin reports whether b stands right behind a in memory.
func adjoin(a, b []byte) bool {
	n := len(a)
	return cap(a) > n && &a[:n+1][n] == &b[0]
}
