package tap

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// A destinationError is a failed write: whoever reads there is gone. The other
// direction may still have something to say, and tells how.
type destinationError struct{ err error }

func (e *destinationError) Error() string { return e.err.Error() }
func (e *destinationError) Unwrap() error { return e.err }

// run forwards until src has nothing more, and passes its end on.
func (h *half) run() {
	defer close(h.done)
	var err error
	if h.plain() {
		err = h.copy()
	} else {
		err = h.frames()
	}
	if h.stopped() {
		if err != nil { // it is our doing
			h.t.backlog.ended(h.side, "closed")
			return
		}
	}
	h.err = err
	var lost *destinationError
	switch {
	case err == nil:
		h.t.backlog.ended(h.side, "eof")
		if h.dst.CloseWrite() != nil && h.other().silent(h.t.o.Linger) {
			h.t.end(false)
		}
	case errors.As(err, &lost) && h.dst.Ended() != nil: // it has closed its stdin, and may do so
		select {
		case <-h.dst.Ended():
		case <-h.t.cut:
		}
		h.t.backlog.ended(h.side, "closed")
	case errors.As(err, &lost):
		h.other().silent(h.t.o.Linger)
		h.t.backlog.ended(h.side, "closed")
		h.t.end(true)
	default:
		h.t.backlog.ended(h.side, reasonOf(err))
		h.t.end(true)
	}
}

// plain reports whether bytes can go on as they are.
func (h *half) plain() bool {
	return h.src.Stream != nil && h.dst.Stream != nil && h.faults == nil
}

func (h *half) stopped() bool {
	select {
	case <-h.t.cut:
		return true
	default:
		return false
	}
}

// copy forwards bytes as they come.
func (h *half) copy() error {
	in := newSource(h.src.Stream, &h.blocks)
	for {
		b, n, err := in.read()
		if n > 0 {
			h.read.Add(int64(n))
			data := b.free()[:n]
			h.t.backlog.add(h.side, b, n)
			err2 := h.write(data)
			h.t.backlog.wake()
			if err2 != nil {
				return err2
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// write hands bytes to the destination's stream.
func (h *half) write(p []byte) error {
	n, err := h.dst.Stream.Write(p)
	h.written.Add(int64(n))
	if err != nil {
		return &destinationError{err}
	}
	return nil
}

// silent waits until h has ended or makes no progress for d, and reports whether
// it is not too late to do something about it.
func (h *half) silent(d time.Duration) bool {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for seen := int64(-1); ; {
		now := h.read.Load() + h.written.Load()
		if now == seen {
			return true
		}
		seen = now
		select {
		case <-h.done:
			return true
		case <-tick.C:
		case <-h.t.cut:
			return false
		}
	}
}

// reasonOf is the reason of a close event.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, net.ErrClosed):
		return "closed"
	}
	return "error"
}
