package juggler

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/chancat/channel/internal/socket"
	"github.com/chancat/channel/internal/ws"
)

const (
	defaultAutoflush = 200 * time.Millisecond
	defaultPath      = "/ws"
	defaultIndex     = "/index.html"
	defaultConns     = 4096
	defaultShutdown  = 10 * time.Second
	maxWorkers       = 64 // requests of one connection that are handled at once, where that is allowed
)

// Values of [ServerOptions.Autoflush] that are no times.
const (
	FlushEachChange time.Duration = -1 // each change is sent on its own, at once
	FlushByHand     time.Duration = -2 // only [Connection.Flush] sends
)

// A Handler answers a request. The data is any JSON; it is the handler's to keep.
// What it returns is anything that json.Marshal takes; an [*Error] chooses the data
// of an error answer. The context ends with the connection. A handler that panics
// answers with an error.
type Handler func(ctx context.Context, c *Connection, name string, data json.RawMessage) (any, error)

// ServerOptions configures Listen. A nil *ServerOptions means all defaults.
type ServerOptions struct {
	Wire Wire // default Wire07

	// OnRequest answers requests; without it each is answered with an error. A
	// request with an empty name does not come here: it is answered with its own data.
	OnRequest Handler

	// OnConnection is called with each client before its first request is read. It
	// must return.
	OnConnection func(*Connection)

	// State is shared by all clients; nil gives each connection one of its own.
	State *State

	// Autoflush is how long changes of the state are collected before they are sent
	// together. 0 means 200 ms; FlushEachChange and FlushByHand are further choices.
	Autoflush time.Duration

	// Parallel lets 64 requests of a connection be handled at once and answers each
	// when it is done. Otherwise a request waits for the answer to the one before.
	Parallel bool

	Path   string                  // of the WebSocket; "" means "/ws"
	Static string                  // directory whose files are served; "" for none
	Index  string                  // where "/" is redirected to if Static is given; "" means "/index.html"
	Routes map[string]http.Handler // further routes, by pattern of http.ServeMux

	// Htpasswd is a file of users, one "name:hash" a line, with hashes of the kinds
	// $apr1$ and bcrypt. It is read once. Without it everybody may connect.
	Htpasswd string

	TLS *tls.Config // with a certificate; nil for none. See [LoadPEM]

	// TrustedProxies are addresses whose word on who connects is believed: the
	// headers Forwarded and X-Forwarded-For.
	TrustedProxies []netip.Prefix

	// Origins are hosts whose pages may connect from a browser, beside those served
	// from here. Patterns as in path.Match.
	Origins []string

	PingDelay   time.Duration // of silence, after which a ping is sent; 0 means 30 s, negative for no pings
	PingTimeout time.Duration // for anything to come after a ping; 0 means 30 s

	ShutdownTimeout time.Duration // for requests and queues to be finished by Close; 0 means 10 s
	Timeout         time.Duration // for the handshakes of TLS and HTTP; 0 means 10 s
	WriteTimeout    time.Duration // for one WebSocket message to be taken by the client; 0 means 30 s

	MaxMessage     int // bytes of a message received; 0 means 16 MiB
	MaxQueue       int // bytes that wait for one client, above which senders wait too; 0 means 1 MiB
	MaxConnections int // above which clients wait; 0 means 4096

	Logger *slog.Logger // who connects and why they go; nil for none
}

func (o *ServerOptions) orDefault() ServerOptions {
	var d ServerOptions
	if o != nil {
		d = *o
	}
	d.Autoflush = cmp.Or(d.Autoflush, defaultAutoflush)
	d.Path = cmp.Or(d.Path, defaultPath)
	d.Index = cmp.Or(d.Index, defaultIndex)
	d.ShutdownTimeout = cmp.Or(d.ShutdownTimeout, defaultShutdown)
	d.MaxConnections = cmp.Or(d.MaxConnections, defaultConns)
	d.Logger = cmp.Or(d.Logger, slog.New(slog.DiscardHandler))
	return d
}

func (o *ServerOptions) limits() limits {
	return limits{
		wire:         o.Wire,
		maxMessage:   cmp.Or(o.MaxMessage, defaultMaxMessage),
		maxQueue:     cmp.Or(o.MaxQueue, defaultMaxQueue),
		writeTimeout: cmp.Or(o.WriteTimeout, defaultWriteTimeout),
		pingDelay:    cmp.Or(o.PingDelay, defaultPingDelay),
		pingTimeout:  cmp.Or(o.PingTimeout, defaultPingTimeout),
	}
}

// A Server accepts clients until Close. Its methods may be called by any goroutine.
type Server struct {
	opts   ServerOptions
	addr   net.Addr
	host   *ws.HostServer
	users  *users   // nil: everybody
	static *os.Root // nil: none
	shared *mirror  // nil: each connection has its own

	mu     sync.Mutex // guards conns and closed
	conns  map[*Connection]struct{}
	closed bool
	live   sync.WaitGroup // the connections

	ended chan struct{} // closed when accepting has ended
	err   error         // why; set before
}

// Listen serves on a TCP address such as "127.0.0.1:23021"; an empty host is
// localhost, port 0 any free port. The context governs setting up only.
func Listen(ctx context.Context, address string, options *ServerOptions) (*Server, error) {
	s := &Server{opts: options.orDefault(), conns: map[*Connection]struct{}{}, ended: make(chan struct{})}
	a, err := socket.Parse(address)
	if err != nil {
		return nil, err
	}
	if a.Network != "tcp" {
		return nil, &socket.AddressError{Address: address, Reason: "not a TCP address", Hint: "write host:port"}
	}
	if s.opts.Htpasswd != "" {
		if s.users, err = readUsers(s.opts.Htpasswd); err != nil {
			return nil, err
		}
	}
	handler, err := s.routes()
	if err != nil {
		return nil, err
	}
	l, err := socket.Listen(ctx, a, &socket.Options{TLS: s.opts.TLS, Timeout: s.opts.Timeout})
	if err != nil {
		s.closeStatic()
		return nil, err
	}
	s.addr = l.Addr()
	s.host = ws.NewHostServer(handler, s.opts.MaxConnections, &ws.Options{
		Kind: ws.Text, Timeout: s.opts.Timeout,
		Max: s.opts.limits().maxMessage + 1, // and the segment type
	})
	s.host.Origins = s.opts.Origins
	s.host.AnyHost = len(s.opts.TrustedProxies) > 0 || !isLoopback(s.addr)
	if s.opts.State != nil {
		s.shared = newMirror(s.opts.State, s.opts.Autoflush)
	}
	go func() {
		s.err = s.host.Serve(l)
		close(s.ended)
	}()
	return s, nil
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.addr }

// URL returns the address for clients, such as "ws://127.0.0.1:23021/ws".
func (s *Server) URL() string {
	scheme := "ws://"
	if s.opts.TLS != nil {
		scheme = "wss://"
	}
	return scheme + s.addr.String() + s.opts.Path
}

// Wait returns when the server has stopped accepting: with net.ErrClosed after
// Close, else with what made it stop.
func (s *Server) Wait() error {
	<-s.ended
	return s.err
}

// Notify sends a notification to every client.
func (s *Server) Notify(name string, data any) error {
	p, err := newNotification(name, data)
	if err != nil {
		return err
	}
	for _, c := range s.connections() {
		if err := c.link.out.send(c.link.ctx, p); err != nil && c.link.ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func (s *Server) connections() []*Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*Connection, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

var errShutdown = errors.New("the server shuts down")

// Close stops accepting, lets the requests under way be answered and the queues be
// sent, for ShutdownTimeout at most, and closes all connections.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		<-s.ended
		return nil
	}
	err := s.host.Close()
	<-s.ended
	conns := s.connections()
	for _, c := range conns {
		c.Close()
	}
	late := time.AfterFunc(s.opts.ShutdownTimeout, func() {
		for _, c := range conns {
			c.link.end(errShutdown)
		}
	})
	s.live.Wait()
	late.Stop()
	if s.shared != nil {
		s.shared.close()
	}
	s.closeStatic()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

func (s *Server) closeStatic() {
	if s.static != nil {
		s.static.Close()
	}
}

// upgrade makes a connection of a request.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) {
	conn, err := s.host.Upgrade(w, r)
	if err != nil {
		s.opts.Logger.Info("refused", "remote", r.RemoteAddr, "error", err)
		return
	}
	c := newConnection(s, conn, remote(r, s.opts.TrustedProxies), r)
	if !s.add(c) {
		conn.CloseNow()
		return
	}
	// Another goroutine, so that net/http's, with its deep stack and the request,
	// does not live as long as the connection.
	go s.serve(c)
}

func (s *Server) add(c *Connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	s.live.Add(1)
	return true
}

func (s *Server) serve(c *Connection) {
	defer s.live.Done()
	s.opts.Logger.Info("connected", "remote", c.remote, "user", c.user)
	err := c.run()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	if err == io.EOF || errors.Is(err, ErrClosed) {
		s.opts.Logger.Info("disconnected", "remote", c.remote)
	} else {
		s.opts.Logger.Warn("disconnected", "remote", c.remote, "error", err)
	}
}

// LoadPEM reads a certificate and its key from one PEM file, as hat.juggler 0.6
// takes them.
func LoadPEM(file string) (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}}, nil
}
