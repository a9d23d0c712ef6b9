// Package bytepipe is a connected pair of byte streams in memory. Unlike
// [net.Pipe] it has a buffer, so that one goroutine can write and then read, and
// each direction can be half-closed.
package bytepipe

import (
	"io"
	"net"
	"sync"
)

// End is one end of a pair. Reads and writes may be concurrent.
type End struct {
	in, out *half
}

// Pair returns two connected ends. A write blocks while the other end has more
// than size bytes unread.
func Pair(size int) (*End, *End) {
	a, b := newHalf(size), newHalf(size)
	return &End{in: a, out: b}, &End{in: b, out: a}
}

// Loop returns an end that is connected to itself: it reads what is written to
// it, and closing it for writing ends what it reads.
func Loop(size int) *End {
	h := newHalf(size)
	return &End{in: h, out: h}
}

// Read returns io.EOF when the other end was closed for writing and everything
// before that has been read, and net.ErrClosed after Close.
func (e *End) Read(p []byte) (int, error) { return e.in.read(p) }

// Write returns net.ErrClosed when this end was closed for writing, and
// io.ErrClosedPipe when the other end no longer reads.
func (e *End) Write(p []byte) (int, error) { return e.out.write(p) }

// CloseWrite ends what the other end reads.
func (e *End) CloseWrite() error {
	e.out.end()
	return nil
}

// Close closes both directions. The other end reads what was written before.
func (e *End) Close() error {
	e.out.end()
	e.in.abandon()
	return nil
}

// half is one direction.
type half struct {
	mu        sync.Mutex // guards the rest
	changed   sync.Cond
	buf       []byte // a ring: used bytes from start
	start     int
	used      int
	size      int
	ended     bool // no more writes
	abandoned bool // no more reads
}

func newHalf(size int) *half {
	h := &half{size: size}
	h.changed.L = &h.mu
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.used == 0 && !h.ended && !h.abandoned && len(p) > 0 {
		h.changed.Wait()
	}
	switch {
	case h.abandoned:
		return 0, net.ErrClosed
	case h.used == 0 && h.ended:
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && h.used > 0 { // at most twice: the ring wraps once
		c := copy(p[n:], h.buf[h.start:min(h.start+h.used, h.size)])
		h.start = (h.start + c) % h.size
		h.used -= c
		n += c
	}
	h.changed.Broadcast()
	return n, nil
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		for n < len(p) && h.used == h.size && !h.ended && !h.abandoned {
			h.changed.Wait()
		}
		if h.ended {
			return n, net.ErrClosed
		}
		if h.abandoned {
			return n, io.ErrClosedPipe
		}
		if len(h.buf) < h.size { // the buffer is made when it is first needed
			h.buf = make([]byte, h.size)
		}
		for n < len(p) && h.used < h.size {
			free := h.buf[(h.start+h.used)%h.size:]
			c := copy(free[:min(len(free), h.size-h.used)], p[n:])
			h.used += c
			n += c
		}
		h.changed.Broadcast()
		if n == len(p) {
			return n, nil
		}
	}
}

func (h *half) end() {
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	h.changed.Broadcast()
}

func (h *half) abandon() {
	h.mu.Lock()
	h.abandoned = true
	h.mu.Unlock()
	h.changed.Broadcast()
}
