package ws

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/coder/websocket"

	"github.com/chancat/channel/internal/socket"
)

// maxPending bounds the connections that are in their handshake or wait for
// Accept. Others wait in the kernel's queue.
const maxPending = 128

// A Listener accepts WebSocket connections at one path; any other is answered
// with 404.
type Listener struct {
	server *http.Server
	opts   Options
	url    *url.URL
	addr   net.Addr

	conns chan *Conn    // upgraded, for Accept
	done  chan struct{} // closed by Close
	once  sync.Once

	ended chan struct{} // closed when the accept loop has ended
	err   error         // why it ended; set before
}

// Listen listens on a ws or wss URL. The context governs setting up only. The
// error is a *socket.AddressError or a *socket.Error.
//
// A web page may connect only if it comes from this listener's own origin, so
// that no site can reach a service on localhost through its visitor's browser.
// Programs other than browsers send no Origin and are not restricted.
func Listen(ctx context.Context, address string, options *Options) (*Listener, error) {
	o := options.orDefault()
	u, a, err := parse(address)
	if err != nil {
		return nil, err
	}
	so := o.socket()
	if u.Scheme == "ws" {
		so.TLS = nil
	}
	inner, err := socket.Listen(ctx, a, so)
	if err != nil {
		return nil, err
	}
	l := &Listener{
		opts:  o,
		url:   u,
		addr:  inner.Addr(),
		conns: make(chan *Conn),
		done:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	l.server = &http.Server{
		Handler:        http.HandlerFunc(l.upgrade),
		ReadTimeout:    o.Timeout,
		WriteTimeout:   o.Timeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       log.New(io.Discard, "", 0),
		ConnContext:    func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
	}
	l.server.SetKeepAlivesEnabled(false)
	go func() {
		l.err = l.server.Serve(&boundedListener{Listener: inner, slots: make(chan struct{}, maxPending), done: l.done})
		close(l.ended)
	}()
	return l, nil
}

// connKey finds the connection of a request in its context.
type connKey struct{}

func (l *Listener) upgrade(w http.ResponseWriter, r *http.Request) {
	conn := r.Context().Value(connKey{}).(*pendingConn)
	defer conn.settle()
	switch {
	case r.URL.Path != l.url.Path:
		http.NotFound(w, r)
		return
	case r.Header.Get("Origin") != "" && !ownHost(r.Host, l.url.Hostname()):
		http.Error(w, errForeignPage.Error(), http.StatusForbidden)
		return
	}
	opts := &websocket.AcceptOptions{}
	if l.opts.Subprotocol != "" {
		opts.Subprotocols = []string{l.opts.Subprotocol}
	}
	ws, err := websocket.Accept(w, r, opts)
	if err != nil {
		return // the client has been told
	}
	select {
	case l.conns <- newConn(ws, conn, l.opts):
	case <-l.done:
		ws.CloseNow()
	}
}

// Accept returns the next connection, its handshakes done. After Close it returns
// net.ErrClosed.
func (l *Listener) Accept() (*Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-l.ended:
		return nil, l.err
	}
}

// Addr returns the real address of the socket.
func (l *Listener) Addr() net.Addr { return l.addr }

// URL returns the address to dial, with the real port.
func (l *Listener) URL() string {
	u := *l.url
	u.Host = l.addr.String()
	return u.String()
}

// Close stops listening and ends handshakes that are under way. Connections that
// Accept returned live on.
func (l *Listener) Close() error {
	var err error
	l.once.Do(func() {
		close(l.done)
		err = l.server.Close()
		<-l.ended
	})
	return err
}

// A pendingConn holds a slot until it is accepted, refused or closed.
type pendingConn struct {
	wire
	slots chan struct{}
	once  sync.Once
}

func (c *pendingConn) settle() { c.once.Do(func() { <-c.slots }) }

func (c *pendingConn) Close() error {
	c.settle()
	return c.wire.Close()
}
