package packetstream

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	defaultConns   = 256
	defaultTimeout = 30 * time.Second

	// A client that is still there when the server ends is given this long to say
	// goodbye too.
	farewell = 500 * time.Millisecond

	lingerBytes = 1 << 20               // of a peer that goes on sending behind its EOF
	acceptPause = 50 * time.Millisecond // after an accept failed, as for want of descriptors
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
	ctx, cancel := context.WithCancel(ctx)
	var served sync.WaitGroup
	defer served.Wait()
	defer cancel()
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	conns := make(chan struct{}, orDefault(s.MaxConns, defaultConns))
	log := s.resolved().Logger
	for {
		select {
		case conns <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		conn, err := l.Accept()
		switch {
		case err == nil:
			served.Go(func() {
				defer func() { <-conns }()
				s.ServeConn(ctx, conn)
			})
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, net.ErrClosed):
			return err
		}
		<-conns
		log.Error("accept", "error", err)
		select {
		case <-time.After(acceptPause):
		case <-ctx.Done():
		}
	}
}

// ServeConn serves one connection until the peer ends it, and returns what its Err
// does. When ctx ends, it sends ERQ and EOF and gives the peer a moment to do the
// same. It closes stream.
func (s *Server) ServeConn(ctx context.Context, stream io.ReadWriteCloser) error {
	o := s.resolved()
	w := io.Writer(stream)
	if conn, ok := stream.(net.Conn); ok {
		o.Logger = o.Logger.With("client", conn.RemoteAddr().String())
		w = &impatientWriter{conn, orDefault(s.Timeout, defaultTimeout)}
	}
	c := newConn(stream, w, stream.Close, &o, nil)
	select {
	case <-c.Done():
		closeGently(stream)
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
	return w.Conn.Write(p)
}

// SyscallConn is for writes that do not block, and need no limit.
func (w *impatientWriter) SyscallConn() (syscall.RawConn, error) {
	if c, ok := w.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// closeGently ends our side, and reads on for a moment: closing with bytes unread
// would reset the connection, and could destroy what was sent.
func closeGently(stream io.ReadWriteCloser) {
	conn, ok := stream.(net.Conn)
	half, can := stream.(interface{ CloseWrite() error })
	if ok && can && half.CloseWrite() == nil {
		conn.SetReadDeadline(time.Now().Add(linger))
		io.Copy(io.Discard, io.LimitReader(conn, lingerBytes))
	}
}
