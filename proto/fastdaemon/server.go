package fastdaemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/chancat/channel/framing"
)

const (
	defaultConns   = 256
	defaultTimeout = 30 * time.Second

	// After the reply the client is given this long to close first: closing with
	// bytes of it unread would reset the connection, and could destroy the reply.
	linger      = time.Second
	lingerBytes = 1 << 20

	acceptPause = 50 * time.Millisecond // after an accept failed, as for want of descriptors
)

// A Server answers requests with its Handler. Its fields must not change while it
// serves; a zero field means its default.
type Server struct {
	Handler Handler

	Chars     bool          // lengths of requests count characters, as those of the Python client do
	Workers   int           // handlers that run at once; 0 means 4 for each CPU
	MaxConns  int           // connections at once, more wait to be accepted; 0 means 256
	MaxRecord int           // bytes of a request; 0 means 16 MiB
	Timeout   time.Duration // for a request to arrive, and for a reply to be taken; 0 means 30 s
	Logger    *slog.Logger  // told of requests that failed; nil means nobody is
}

// Serve answers the clients of l until ctx ends, and returns why it did, or
// the error of l. It closes l, interrupts its connections, and returns when all
// handlers have.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var served sync.WaitGroup
	defer served.Wait()
	defer cancel()
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	workers := s.workers()
	conns := make(chan struct{}, orDefault(s.MaxConns, defaultConns))
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
				s.conn(ctx, conn, workers)
			})
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, net.ErrClosed):
			return err
		}
		<-conns
		s.logger().Error("accept", "error", err)
		select {
		case <-time.After(acceptPause):
		case <-ctx.Done():
		}
	}
}

// conn serves one connection.
func (s *Server) conn(ctx context.Context, conn net.Conn, workers chan struct{}) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	log := s.logger().With("client", conn.RemoteAddr().String())
	conn.SetReadDeadline(time.Now().Add(s.timeout()))
	stdin, args, err := receive(conn, s.Chars, s.maxRecord())
	if err != nil {
		if err != io.EOF && ctx.Err() == nil {
			log.Warn("request", "error", err)
		}
		closeGently(conn)
		return
	}
	reply := s.answer(ctx, Request{Stdin: stdin, Args: splitArgs(args)}, workers, log)
	record, err := appendRecord(nil, reply.Stdout, reply.Stderr)
	if err == nil {
		conn.SetWriteDeadline(time.Now().Add(s.timeout()))
		_, err = conn.Write(record)
	}
	if err != nil && ctx.Err() == nil {
		log.Warn("reply", "error", err)
	}
	closeGently(conn)
}

// answer runs the handler when a worker is free. Whatever happens to it, there is
// a reply.
func (s *Server) answer(ctx context.Context, r Request, workers chan struct{}, log *slog.Logger) (reply Reply) {
	select {
	case workers <- struct{}{}:
	case <-ctx.Done():
		return Reply{}
	}
	defer func() {
		<-workers
		if p := recover(); p != nil {
			log.Error("handler", "panic", fmt.Sprint(p))
			reply = Reply{}
		}
	}()
	reply, err := s.Handler(ctx, r)
	if err != nil {
		log.Error("handler", "error", err)
		return Reply{}
	}
	return reply
}

// closeGently ends our side, and reads on for a moment so that the peer gets all
// that it was sent.
func closeGently(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		conn.SetReadDeadline(time.Now().Add(linger))
		io.Copy(io.Discard, io.LimitReader(conn, lingerBytes))
	}
	conn.Close()
}

func (s *Server) workers() chan struct{} {
	return make(chan struct{}, orDefault(s.Workers, 4*runtime.GOMAXPROCS(0)))
}

func (s *Server) maxRecord() int         { return orDefault(s.MaxRecord, framing.DefaultMax) }
func (s *Server) timeout() time.Duration { return orDefault(s.Timeout, defaultTimeout) }

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}

func orDefault[T comparable](v, missing T) T {
	var zero T
	if v == zero {
		return missing
	}
	return v
}
