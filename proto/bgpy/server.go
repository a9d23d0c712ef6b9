package bgpy

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/socket"
)

const (
	defaultConns = 256
	defaultAuth  = 16 << 10 // bytes; what AUTH of the Python program takes is 300
	defaultGuest = 64
	defaultIdle  = 5 * time.Minute
	wrongTokens  = 10              // after that many the connection ends
	exitConfirm  = 5 * time.Second // that the client has for its last confirmation
)

// A Task is what a function of Python is on a Python server. It gets the args of
// the message, and returns the args of the response; nil sends an empty response
// to a client that waits for one. Its error is logged and is the response ERROR.
type Task func(ctx context.Context, args Dict) (Dict, error)

// A Server runs tasks for its clients, until one of them sends EXIT. Its fields
// must not change while it serves; a zero field means its default.
type Server struct {
	// Tasks are the tasks that INIT may name, by their names in Python, such as
	// "bgpy.example.tasks.init_task".
	Tasks map[string]Task

	// Task, unless nil, finds the task of the type Init, Exec or Exit that has that
	// name and is not in Tasks; nil where there is none.
	Task func(t MessageType, name string) Task

	Token    string        // that AUTH must have; empty accepts any
	Parallel int           // tasks that run at once; 0 means 1, so that they need no locks
	Pace     time.Duration // distance between messages; 0 means [DefaultPace]
	Timeout  time.Duration // to authenticate, and to take a message; 0 means 30 s
	Idle     time.Duration // that a client may be silent for; 0 means 5 min

	MaxConns   int          // connections at once, more wait to be accepted; 0 means 256
	MaxMessage int          // bytes of a message, in base64; 0 means 16 MiB
	Logger     *slog.Logger // nil means that nobody is told

	// What clients may take that have not shown the token yet. That is AUTH: the
	// protocol has nothing else before it.
	MaxGuests int // of them at once, beyond which the one that came first is turned away; 0 means 64
	MaxAuth   int // bytes of a message, in base64; 0 means 16 KiB, and what the Token takes
}

// Serve serves the clients of l until a client sends EXIT: then it returns nil.
// When ctx ends it returns why, without the task for EXIT, or else the error of
// l. It closes l and all connections, and returns when all tasks have.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Server: s, exited: func() { cancel(errExited) }, slots: make(chan struct{}, max(s.Parallel, 1))}
	r.guests.most = cmp.Or(s.MaxGuests, defaultGuest)
	failed := func(err error) { s.logger().Error("accept", "error", err) }
	err := socket.Serve(ctx, l, cmp.Or(s.MaxConns, defaultConns), failed, r.serve)
	if errors.Is(context.Cause(ctx), errExited) {
		return nil
	}
	return err
}

var errExited = errors.New("a client sent EXIT")

// serve serves one connection.
func (r *run) serve(ctx context.Context, nc net.Conn) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conn, stop := newConn(ctx, nc, cmp.Or(r.Pace, DefaultPace), r.maxAuth())
	defer stop()
	c := &client{run: r, conn: conn, log: r.logger().With("client", nc.RemoteAddr().String())}
	c.log.Info("connected")
	leave := r.guests.enter(func() {
		cancel(errTooManyGuests)
		conn.SetReadDeadline(time.Unix(1, 0)) // of finish
	})
	c.welcome = func() {
		leave()
		conn.rd.SetLimit(cmp.Or(r.MaxMessage, framing.DefaultMax))
	}
	defer leave()
	err := c.serve()
	stop()
	switch {
	case err == nil || err == io.EOF:
		c.log.Info("gone")
	case ctx.Err() != nil:
		if err == errTooManyGuests {
			c.log.Info("the connection ends", "error", err)
		}
		conn.Close()
		return
	case isTimeout(err):
		c.log.Warn("silent for too long")
	default:
		c.log.Warn("the connection ends", "error", err)
	}
	conn.finish(linger)
}

// maxAuth is the bytes of a message before AUTH.
func (s *Server) maxAuth() int {
	return cmp.Or(s.MaxAuth, defaultAuth+2*len(s.Token))
}

func (s *Server) timeout() time.Duration { return cmp.Or(s.Timeout, defaultTimeout) }

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}

// A run is the life of a Server: from INIT to EXIT.
type run struct {
	*Server
	exited func()
	slots  chan struct{} // of tasks that run
	guests guests

	mu    sync.RWMutex // held to read while a task for EXEC runs, to write for INIT and EXIT
	ready bool         // INIT is done
	over  bool         // EXIT is
	exec  Task
	exit  Task
}
