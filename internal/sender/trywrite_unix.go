//go:build unix

package sender

import (
	"io"
	"net"
	"os"
	"syscall"
)

// tryWriter is a write that returns at once with what the stream took.
type tryWriter interface {
	tryWrite(p []byte) (n int, err error)
}

// socketWriter writes to a non-blocking descriptor without waiting for it. One
// goroutine at a time uses it.
type socketWriter struct {
	w     io.Writer
	raw   syscall.RawConn
	write func(fd uintptr) bool // made once, so that a write allocates nothing
	p     []byte
	n     int
	err   error
}

func newTryWriter(w io.Writer) tryWriter {
	c, ok := w.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socketWriter{w: w, raw: raw}
	s.write = s.writeOnce
	return s
}

func (s *socketWriter) tryWrite(p []byte) (int, error) {
	s.p, s.n, s.err = p, 0, nil
	if err := s.raw.Write(s.write); err != nil {
		return 0, err
	}
	return s.n, s.where(s.err)
}

// where gives an error of the system call the addresses that package net gives.
func (s *socketWriter) where(err error) error {
	c, ok := s.w.(net.Conn)
	if err == nil || !ok {
		return err
	}
	return &net.OpError{Op: "write", Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(),
		Err: os.NewSyscallError("write", err)}
}

// writeOnce returns true, whatever it wrote: false would wait for the socket.
func (s *socketWriter) writeOnce(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), s.p)
		switch err {
		case nil:
			s.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			s.err = err
		}
		s.p = nil
		return true
	}
}
