// Package readahead reads a stream on a goroutine of its own, so that the next bytes
// are read while the last are decoded.
//
//	source ──goroutine──► blocks ──► Reader.Lend ──► frame.Reader, pcap.Reader
package readahead

import (
	"io"
	"slices"

	"github.com/chancat/channel/frame"
)

const (
	blockSize = 256 << 10 // bytes of a read at most
	blockMost = 4         // blocks

	// A source that returns no bytes and no error this often is broken.
	emptyReads = 100
)

// A Reader lends what was read ahead, block by block; it is a [frame.Lender]. It is
// not safe for concurrent use.
type Reader struct {
	wait  func()
	full  chan []byte // blocks that were read, in order; closed behind the last
	spare chan []byte // blocks to read into; nil is one that was not made yet
	done  chan struct{}
	err   error // of the source; set before full is closed

	feed  frame.Feed
	block []byte // that feed has
	held  []byte // was put back
}

// New starts to read src. wait is called when everything that was read is used up
// and more must be waited for; it may be nil. The caller closes the Reader.
func New(src io.Reader, wait func()) *Reader {
	r := &Reader{wait: wait, full: make(chan []byte, blockMost), spare: make(chan []byte, blockMost), done: make(chan struct{})}
	for range blockMost {
		r.spare <- nil
	}
	go r.run(src)
	return r
}

// Close has the reading end. It does not wait for a read that is under way: that of
// a terminal may last for ever.
func (r *Reader) Close() { close(r.done) }

// run reads src to its end.
func (r *Reader) run(src io.Reader) {
	defer close(r.full)
	for r.err == nil {
		var block []byte
		select {
		case block = <-r.spare:
		case <-r.done:
			return
		}
		if block == nil {
			block = make([]byte, blockSize)
		}
		var n int
		if n, r.err = readSome(src, block); n > 0 {
			r.full <- block[:n] // has room for all blocks
		}
	}
}

// readSome reads once, or until something has come.
func readSome(src io.Reader, p []byte) (n int, err error) {
	for range emptyReads {
		if n, err = src.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// Lend implements [frame.Lender].
func (r *Reader) Lend(unread []byte, need int) (lent []byte, reads int, err error) {
	if len(r.held) > 0 {
		lent, r.held = r.held, nil
		return lent, 1, nil
	}
	if len(r.feed.Rest()) == 0 {
		unread = r.feed.Keep(unread)
		if !r.next() {
			return unread, 0, r.err
		}
	}
	return r.feed.Lend(unread, need)
}

// Keep implements [frame.Lender].
func (r *Reader) Keep(unread []byte) []byte { return r.feed.Keep(unread) }

// next gives the next block for the one at hand; false at the end.
func (r *Reader) next() bool {
	if r.block != nil {
		r.spare <- r.block[:blockSize] // has room for all blocks
		r.block = nil
	}
	select {
	case r.block = <-r.full:
	default:
		if r.wait != nil {
			r.wait()
		}
		r.block = <-r.full
	}
	r.feed.Give(r.block)
	return r.block != nil
}

// Read is for who does not borrow.
func (r *Reader) Read(p []byte) (int, error) {
	lent, _, err := r.Lend(nil, 1)
	n := copy(p, lent)
	r.held = lent[n:]
	return n, err
}

// Peek returns the next n bytes or more, which come again. They are borrowed until
// the next call. The error is that of the source where it has fewer.
func (r *Reader) Peek(n int) ([]byte, error) {
	next, err := r.held, error(nil)
	for r.held = nil; len(next) < n && err == nil; {
		next, _, err = r.Lend(next, n-len(next))
	}
	r.held = next
	return next, err
}

// Unread puts back p, the last that was read or lent, as what comes next. It is
// borrowed until that is lent.
func (r *Reader) Unread(p []byte) {
	if len(r.held) > 0 {
		p = slices.Concat(p, r.held)
	}
	r.held = p
}
