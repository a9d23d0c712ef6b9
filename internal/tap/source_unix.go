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
	*supply
	conn syscall.RawConn
	try  func(fd uintptr) bool
	n    int
	err  error
}

func newRawSource(conn syscall.RawConn, blocks *supply) (source, bool) {
	s := &rawSource{conn: conn, supply: blocks}
	s.try = func(fd uintptr) bool {
		b := s.next()
		for {
			s.n, s.err = syscall.Read(int(fd), b.free())
			if s.err != syscall.EINTR {
				break
			}
		}
		if s.err == syscall.EAGAIN {
			s.rest()
			return false
		}
		return true
	}
	return s, true
}

func (s *rawSource) read() (*block, int, error) {
	err := s.conn.Read(s.try)
	switch {
	case err != nil:
		return nil, 0, err
	case s.err != nil:
		return nil, 0, os.NewSyscallError("read", s.err)
	case s.n == 0:
		return nil, 0, io.EOF
	}
	s.sizer.took(s.n)
	return s.out, s.n, nil
}
