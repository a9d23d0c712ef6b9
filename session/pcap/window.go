package pcap

import "io"

const (
	windowStart = 256 << 10

	// maxBlock bounds a record in bytes, and so the window. The packets of common
	// tools have at most 256 KiB.
	maxBlock = 1 << 20
)

// A window is the part of the file at hand. It reads no more than it must, since
// the file may be a pipe that is still written to.
type window struct {
	src      io.Reader
	buf      []byte // buf[pos:end] is unread
	pos, end int
	offset   int64 // file offset of buf[pos]
	err      error // of the source, once everything before it is used up
}

// peek returns the next n bytes, borrowed until the next call. The error is
// io.EOF only where the file ends before the first of them.
func (w *window) peek(n int) ([]byte, error) {
	if w.end-w.pos >= n {
		return w.buf[w.pos : w.pos+n], nil
	}
	return w.await(n)
}

func (w *window) await(n int) ([]byte, error) {
	for w.end-w.pos < n {
		if w.err != nil {
			if w.err == io.EOF && w.pos < w.end {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, w.err
		}
		w.fill()
	}
	return w.buf[w.pos : w.pos+n], nil
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
	w.pos += n
	w.offset += int64(n)
}

// skip passes over n bytes.
func (w *window) skip(n int64) error {
	for n > 0 {
		step := min(n, int64(max(w.end-w.pos, 1)))
		if _, err := w.take(int(step)); err == io.EOF {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
		n -= step
	}
	return nil
}

// fill reads once. The window doubles only when what arrived has filled it.
func (w *window) fill() {
	switch {
	case w.buf == nil:
		w.buf = make([]byte, windowStart)
	case w.pos > 0 && w.pos == w.end:
		w.pos, w.end = 0, 0
	case w.end == len(w.buf) && w.pos > 0:
		w.end = copy(w.buf, w.buf[w.pos:w.end])
		w.pos = 0
	case w.end == len(w.buf):
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for empty := 0; ; empty++ {
		n, err := w.src.Read(w.buf[w.end:])
		w.end += n
		if w.err = err; n > 0 || err != nil {
			return
		}
		if empty == 100 {
			w.err = io.ErrNoProgress
			return
		}
	}
}
