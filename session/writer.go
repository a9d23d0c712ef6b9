package session

import (
	"io"
	"sync"
)

const bufferSize = 64 << 10

// A Writer writes events, one a line. It buffers them until the buffer is full
// or [Writer.Flush] is called; every write of the stream under it ends with a
// whole line. It is safe for concurrent use.
type Writer struct {
	mu  sync.Mutex // guards all fields, so that lines stay whole
	dst io.Writer
	buf []byte
	err error // sticky: after a short write the last line is cut
}

// NewWriter returns a Writer of lines to dst. For a session file, the first
// event is the caller's [Session].
func NewWriter(dst io.Writer) *Writer {
	return &Writer{dst: dst, buf: make([]byte, 0, bufferSize)}
}

// WriteEvent writes e, which it does not keep. A failed write is returned again
// by every later call.
func (w *Writer) WriteEvent(e *Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.buf = append(Append(w.buf, e), '\n')
	if len(w.buf) < bufferSize {
		return nil
	}
	return w.flush()
}

// Flush writes out what is buffered.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

func (w *Writer) flush() error {
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	_, w.err = w.dst.Write(w.buf)
	w.buf = w.buf[:0]
	if cap(w.buf) > 4*bufferSize {
		w.buf = make([]byte, 0, bufferSize) // a large message has been through
	}
	return w.err
}
