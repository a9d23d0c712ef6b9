package packetstream

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/chancat/channel/internal/socket"
)

const (
	defaultConns   = 256
	defaultTimeout = 30 * time.Second

	// A client that is still there when the server ends is given this long to say
	// goodbye too.
	farewell = 500 * time.Millisecond
)

// A Server serves connections. Its fields must not change while it does; a zero
// field means its default.
type Server struct {
	Options                // of each connection
	MaxConns int           // connections at once, more wait to be accepted; 0 means 256
	Timeout  time.Duration // for a client to take what is written at once; 0 means 30 s
}

// Serve is [Server.Serve] with the defaults.
func Serve(ctx context.Context, l net.Listener, h Handler) error {
	return (&Server{Options: Options{Handler: h}}).Serve(ctx, l)
}

// Serve serves the clients of l until ctx ends, and returns why it did, or the
// error of l. It closes l, ends its connections, and returns when all handlers
// have.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	log := s.resolved().Logger
	failed := func(err error) { log.Error("accept", "error", err) }
	return socket.Serve(ctx, l, cmp.Or(s.MaxConns, defaultConns), failed, func(ctx context.Context, c net.Conn) {
		s.ServeConn(ctx, c)
	})
}

// ServeConn serves one connection until the peer ends it, and returns what its Err
// does. When ctx ends, it sends ERQ and EOF and gives the peer a moment to do the
// same. It closes stream.
func (s *Server) ServeConn(ctx context.Context, stream io.ReadWriteCloser) error {
	o := s.resolved()
	w := io.Writer(stream)
	if conn, ok := stream.(net.Conn); ok {
		o.Logger = o.Logger.With("client", conn.RemoteAddr().String())
		w = &impatientWriter{conn, cmp.Or(s.Timeout, defaultTimeout)}
	}
	c := newConn(stream, w, stream.Close, &o, nil)
	select {
	case <-c.Done():
		if conn, ok := stream.(net.Conn); ok {
			socket.CloseGently(conn, linger)
		}
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.Background(), farewell)
		c.Shutdown(last)
		cancel()
	}
	c.Close()
	<-c.Done()
	return c.Err()
}

// An impatientWriter fails a write that takes too long: a peer that reads nothing
// would hold its connection for ever.
type impatientWriter struct {
	net.Conn
	limit time.Duration
}

func (w *impatientWriter) Write(p []byte) (int, error) {
	w.SetWriteDeadline(time.Now().Add(w.limit))
	n, err := w.Conn.Write(p)
	w.SetWriteDeadline(time.Time{}) // a write that does not block would fail by it, much later
	return n, err
}

// SyscallConn is for writes that do not block, and need no limit.
func (w *impatientWriter) SyscallConn() (syscall.RawConn, error) {
	if c, ok := w.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
