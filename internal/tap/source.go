package tap

import (
	"io"
	"syscall"
)

// A source reads a stream in blocks. read returns a block to release, unless n is
// 0.
type source interface {
	read() (b *block, n int, err error)
}

func newSource(stream io.Reader) source {
	if c, ok := stream.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			if s, ok := newRawSource(raw); ok {
				return s
			}
		}
	}
	return &heldSource{stream: stream}
}

// A heldSource is a stream that must be given its block before it waits.
type heldSource struct {
	stream io.Reader
	sizer  sizer
}

func (s *heldSource) read() (*block, int, error) {
	b := newBlock(s.sizer.size())
	n, err := s.stream.Read(b.bytes)
	if n <= 0 {
		b.release()
		return nil, 0, err
	}
	s.sizer.took(n)
	return b, n, err
}
