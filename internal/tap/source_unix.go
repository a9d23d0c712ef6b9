//go:build unix

package tap

import (
	"io"
	"os"
	"syscall"
)

// A rawSource is a socket. It takes a block only when there is something to read,
// so that an idle connection holds none.
type rawSource struct {
	conn  syscall.RawConn
	sizer sizer
	try   func(fd uintptr) bool
	b     *block
	n     int
	err   error
}

func newRawSource(conn syscall.RawConn) (source, bool) {
	s := &rawSource{conn: conn}
	s.try = func(fd uintptr) bool {
		b := newBlock(s.sizer.size())
		for {
			s.n, s.err = syscall.Read(int(fd), b.bytes)
			if s.err != syscall.EINTR {
				break
			}
		}
		if s.err == syscall.EAGAIN || s.n <= 0 {
			b.release()
			return s.err != syscall.EAGAIN
		}
		s.b = b
		return true
	}
	return s, true
}

func (s *rawSource) read() (*block, int, error) {
	err := s.conn.Read(s.try)
	b := s.b
	s.b = nil // while it waits for the next read the pool may let go of it
	switch {
	case err != nil:
		return nil, 0, err
	case s.err != nil:
		return nil, 0, os.NewSyscallError("read", s.err)
	case s.n == 0:
		return nil, 0, io.EOF
	}
	s.sizer.took(s.n)
	return b, s.n, nil
}
