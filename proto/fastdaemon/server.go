package fastdaemon

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/socket"
)

const (
	defaultConns   = 256
	defaultTimeout = 30 * time.Second

	// After the reply the client is given this long to close first: closing with
	// bytes of it unread would reset the connection, and could destroy the reply.
	linger = time.Second
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
	workers := s.workers()
	failed := func(err error) { s.logger().Error("accept", "error", err) }
	return socket.Serve(ctx, l, cmp.Or(s.MaxConns, defaultConns), failed, func(ctx context.Context, conn net.Conn) {
		s.conn(ctx, conn, workers)
	})
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
		socket.CloseGently(conn, linger)
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
	socket.CloseGently(conn, linger)
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

func (s *Server) workers() chan struct{} {
	return make(chan struct{}, cmp.Or(s.Workers, 4*runtime.GOMAXPROCS(0)))
}

func (s *Server) maxRecord() int         { return cmp.Or(s.MaxRecord, framing.DefaultMax) }
func (s *Server) timeout() time.Duration { return cmp.Or(s.Timeout, defaultTimeout) }

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}
