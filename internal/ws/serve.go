package ws

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// maxStall bounds the answer to one HTTP request.
const maxStall = 5 * time.Minute

// errForeignPage is for a request that a browser may have been led to make.
var errForeignPage = errors.New("a web page must call this host by its address or localhost")

// A HostServer serves HTTP, and in its handlers [HostServer.Upgrade] makes a
// WebSocket of a request. It is for protocols that have both on one port;
// [Listen] is the simpler one.
type HostServer struct {
	// Origins are hosts whose pages may connect, beside those served from here.
	// Patterns as in path.Match.
	Origins []string

	// AnyHost leaves out the check that a page calls this host by its address, for
	// a server behind a proxy or on a public name.
	AnyHost bool

	server *http.Server
	opts   Options
	slots  chan struct{}
	done   chan struct{}
	once   sync.Once
}

// NewHostServer returns a server that calls handler and has at most conns
// connections open; others wait in the kernel's queue. Of options it takes Max,
// Kind and Timeout.
func NewHostServer(handler http.Handler, conns int, options *Options) *HostServer {
	o := options.orDefault()
	return &HostServer{
		opts:  o,
		slots: make(chan struct{}, conns),
		done:  make(chan struct{}),
		server: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: o.Timeout,
			ReadTimeout:       o.Timeout,
			WriteTimeout:      maxStall,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    maxHeader,
			ErrorLog:          log.New(io.Discard, "", 0),
			ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		},
	}
}

// Serve accepts connections until Close; then it returns net.ErrClosed. It closes
// l.
func (s *HostServer) Serve(l net.Listener) error {
	err := s.server.Serve(&boundedListener{Listener: l, slots: s.slots, done: s.done})
	if errors.Is(err, http.ErrServerClosed) {
		return net.ErrClosed
	}
	return err
}

// Close stops accepting and closes the connections that are not WebSockets.
func (s *HostServer) Close() error {
	s.once.Do(func() { close(s.done) })
	return s.server.Close()
}

// Upgrade makes a WebSocket of r. Where it returns an error the client has been
// answered.
func (s *HostServer) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	if r.Header.Get("Origin") != "" && !s.AnyHost && !ownHost(r.Host, "") {
		http.Error(w, errForeignPage.Error(), http.StatusForbidden)
		return nil, errForeignPage
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: s.Origins})
	if err != nil {
		return nil, err
	}
	return newConn(ws, r.Context().Value(connKey{}).(net.Conn), s.opts), nil
}

// ownHost reports whether a browser cannot have been led here by a name that
// somebody else controls. That Origin and Host agree is not enough: a site may
// point its own name at 127.0.0.1 (DNS rebinding), and then they do.
func ownHost(hostport, name string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	_, err = netip.ParseAddr(host)
	return err == nil || host == "localhost" || name != "" && host == name
}

// A boundedListener accepts no more than its slots hold until some of them are
// settled.
type boundedListener struct {
	net.Listener
	slots chan struct{}
	done  chan struct{}
}

func (l *boundedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &pendingConn{wire: wire{c}, slots: l.slots}, nil
}
