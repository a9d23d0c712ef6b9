package tap

import (
	"io"
	"syscall"
)

// A source reads a stream into blocks. The n bytes that read returns stand at the
// start of what is free in b, and may go when it is called again: who needs them
// longer moves b.used behind them and takes a reference. n is 0 only with an error.
type source interface {
	read() (b *block, n int, err error)
}

func newSource(stream io.Reader, s *supply) source {
	if c, ok := stream.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			if raw, ok := newRawSource(raw, s); ok {
				return raw
			}
		}
	}
	return &heldSource{stream, s}
}

// A heldSource is a stream that must be given its block before it waits.
type heldSource struct {
	stream io.Reader
	*supply
}

func (s *heldSource) read() (*block, int, error) {
	b := s.next()
	n, err := s.stream.Read(b.free())
	if n <= 0 {
		return nil, 0, err
	}
	s.sizer.took(n)
	return b, n, err
}
