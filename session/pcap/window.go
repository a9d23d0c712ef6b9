package pcap

import (
	"io"

	"github.com/chancat/channel/frame"
)

const (
	blockSize = 256 << 10 // bytes of a read at most

	// maxBlock bounds a record in bytes, and so the window. The packets of common
	// tools have at most 256 KiB.
	maxBlock = 1 << 20

	// A source that returns no bytes and no error this often is broken.
	emptyReads = 100
)

// A window is the part of the file at hand. It reads no more than it must, since
// the file may be a pipe that is still written to.
type window struct {
	src    frame.Lender
	unread []byte // was lent
	offset int64  // of it in the file
	err    error  // of the source, once everything before it is used up
}

func newWindow(src io.Reader) window {
	l, ok := src.(frame.Lender)
	if !ok {
		l = &lender{src: src}
	}
	return window{src: l}
}

// peek returns the next n bytes, borrowed until the next call. The error is
// io.EOF only where the file ends before the first of them.
func (w *window) peek(n int) ([]byte, error) {
	if len(w.unread) >= n {
		return w.unread[:n], nil
	}
	return w.await(n)
}

func (w *window) await(n int) ([]byte, error) {
	for len(w.unread) < n {
		if w.err != nil {
			if w.err == io.EOF && len(w.unread) > 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, w.err
		}
		w.unread, _, w.err = w.src.Lend(w.unread, n-len(w.unread))
	}
	return w.unread[:n], nil
}

// take is peek that moves on.
func (w *window) take(n int) ([]byte, error) {
	b, err := w.peek(n)
	if err == nil {
		w.drop(n)
	}
	return b, err
}

// drop moves over n bytes that peek has returned. They stay valid until the next
// peek.
func (w *window) drop(n int) {
	w.unread = w.unread[n:]
	w.offset += int64(n)
}

// skip passes over n bytes.
func (w *window) skip(n int64) error {
	for n > 0 {
		step := min(n, int64(max(len(w.unread), 1)))
		if _, err := w.take(int(step)); err == io.EOF {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
		n -= step
	}
	return nil
}

// A lender lends what it reads.
type lender struct {
	frame.Feed
	src   io.Reader
	block []byte
	err   error // of src, once everything before it was lent
}

func (l *lender) Lend(unread []byte, need int) (lent []byte, reads int, err error) {
	if len(l.Rest()) == 0 {
		unread = l.Keep(unread)
		if l.read(); len(l.Rest()) == 0 {
			return unread, 0, l.err
		}
	}
	return l.Feed.Lend(unread, need)
}

// read reads once, or until something has come.
func (l *lender) read() {
	if l.block == nil {
		l.block = make([]byte, blockSize)
	}
	for range emptyReads {
		if l.err != nil {
			return
		}
		var n int
		if n, l.err = l.src.Read(l.block); n > 0 {
			l.Give(l.block[:n])
			return
		}
	}
	l.err = io.ErrNoProgress
}
