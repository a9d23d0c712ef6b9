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
			if s := newRawSource(raw); s != nil {
				return s
			}
		}
	}
	return &bufferedSource{stream: stream, size: smallest}
}

const (
	smallest = 4 << 10 // bytes of a fresh buffer
	sparse   = 16      // reads in a row that used little of a buffer before it shrinks
)

// A bufferedSource is a stream that holds its buffer while it waits. The buffer
// grows when reads fill it.
type bufferedSource struct {
	stream io.Reader
	own    *block
	size   int
	little int // reads in a row that used less than a quarter
}

func (s *bufferedSource) read() (*block, int, error) {
	// Who decodes may still hold the last one.
	if s.own == nil || len(s.own.bytes) != s.size || s.own.refs.Load() > 1 {
		if s.own != nil {
			s.own.release()
		}
		if s.size == blockSize {
			s.own = newBlock()
		} else {
			s.own = &block{bytes: make([]byte, s.size)}
			s.own.refs.Store(1)
		}
	}
	n, err := s.stream.Read(s.own.bytes)
	switch {
	case n == s.size && s.size < blockSize:
		s.size, s.little = 2*s.size, 0
	case n < s.size/4:
		if s.little++; s.little == sparse && s.size > smallest {
			s.size, s.little = s.size/2, 0
		}
	default:
		s.little = 0
	}
	if n == 0 {
		return nil, 0, err
	}
	s.own.retain()
	return s.own, n, err
}
