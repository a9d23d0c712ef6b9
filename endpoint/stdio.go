package endpoint

import (
	"context"
	"io"
	"net"
	"os"
	"sync/atomic"

	"github.com/chancat/channel/internal/socket"
)

var stdioScheme = scheme{
	prefix:  "stdio:",
	form:    "stdio: or -",
	meaning: "our own stdin and stdout",
	dial:    dialStdio,
	listen:  listenStdio,
}

func dialStdio(_ context.Context, address string, o *Options) (*Conn, error) {
	if address != "-" && address != "stdio:" {
		return nil, &socket.AddressError{Address: address, Reason: "nothing may follow stdio:"}
	}
	s := &stdio{in: o.Stdin, out: o.Stdout}
	if s.in == nil {
		s.in = os.Stdin
	}
	if s.out == nil {
		s.out = os.Stdout
	}
	return &Conn{Stream: s}, nil
}

func listenStdio(ctx context.Context, address string, o *Options) (Listener, error) {
	c, err := dialStdio(ctx, address, o)
	if err != nil {
		return nil, err
	}
	l := &stdioListener{conns: make(chan *Conn, 1)}
	l.conns <- c
	close(l.conns)
	return l, nil
}

// A stdio is our own stdin and stdout. CloseWrite and Close close them if they can
// be closed. Close cannot interrupt a Read that waits for a terminal or for a pipe
// inherited in blocking mode.
type stdio struct {
	in  io.Reader
	out io.Writer

	outClosed, inClosed atomic.Bool
}

func (s *stdio) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s *stdio) Write(p []byte) (int, error) { return s.out.Write(p) }

func (s *stdio) CloseWrite() error { return closeOnce(&s.outClosed, s.out) }

func (s *stdio) Close() error {
	err := s.CloseWrite()
	if inErr := closeOnce(&s.inClosed, s.in); err == nil {
		err = inErr
	}
	return err
}

func closeOnce(closed *atomic.Bool, v any) error {
	if c, ok := v.(io.Closer); ok && !closed.Swap(true) {
		return c.Close()
	}
	return nil
}

// A stdioListener has one connection to give.
type stdioListener struct {
	conns  chan *Conn
	closed atomic.Bool
}

func (l *stdioListener) Accept() (*Conn, error) {
	if l.closed.Load() {
		return nil, net.ErrClosed
	}
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, io.EOF
}

func (l *stdioListener) Addr() string        { return "stdio:" }
func (l *stdioListener) Port() int           { return 0 }
func (l *stdioListener) Fingerprint() string { return "" }

func (l *stdioListener) Close() error {
	l.closed.Store(true)
	return nil
}
