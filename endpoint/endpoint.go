// Package endpoint turns the text of an address (docs/spec.md §3) into a
// connection: of bytes, which a codec has yet to cut into messages, or of
// messages, where the transport frames them itself.
//
//	c, err := endpoint.Dial(ctx, "exec:redis-server -", nil)
//	l, err := endpoint.Listen(ctx, "ws://127.0.0.1:0/", nil)
//
// [Schemes] lists the forms. Errors are [*AddressError] or [*Error].
package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/chancat/channel/internal/socket"
)

// A Conn is one end of a connection. Exactly one of Stream and Messages is set.
type Conn struct {
	Stream   io.ReadWriteCloser // has CloseWrite() error where the transport can half-close
	Messages Messages
	Framing  string // what frames where Messages is set: "ws" or "udp"

	// Local and Remote name the ends for people: "127.0.0.1:5000", a path for a
	// Unix socket or a pipe, a command; empty where there is no name.
	Local, Remote string

	wait   func() error         // of a child
	ended  <-chan struct{}      // of a child
	signal func(syscall.Signal) // of a child
}

// Messages is a connection whose transport keeps messages apart. Send and Recv may
// be called by any number of goroutines. Recv returns io.EOF after a normal close;
// the caller owns the message. Close interrupts both. A Flush() error, where there is
// one, returns what the network has said of messages that were sent.
type Messages interface {
	Recv() ([]byte, error)
	Send(msg []byte) error
	Close() error
}

// CloseWrite half-closes: the peer reads the end of the stream and may go on
// sending. Where the transport cannot, the error wraps errors.ErrUnsupported and
// nothing has happened.
func (c *Conn) CloseWrite() error {
	if s, ok := c.Stream.(interface{ CloseWrite() error }); ok {
		return s.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close closes the connection and interrupts whoever reads or writes. A child that
// does not end by itself within a second is ended.
func (c *Conn) Close() error {
	if c.Messages != nil {
		return c.Messages.Close()
	}
	return c.Stream.Close()
}

// Wait waits until the child of an exec address has ended, and returns an
// [*ExitError] unless it succeeded. For other connections it returns nil at once.
func (c *Conn) Wait() error {
	if c.wait == nil {
		return nil
	}
	return c.wait()
}

// Ended returns a channel that is closed when the child of an exec address has
// ended; nil for other connections.
func (c *Conn) Ended() <-chan struct{} { return c.ended }

// Signal sends s to the child of an exec address and to what it has started. For
// other connections it does nothing.
func (c *Conn) Signal(s syscall.Signal) {
	if c.signal != nil {
		c.signal(s)
	}
}

// A Kind is what a WebSocket message says it holds.
type Kind int

const (
	Auto   Kind = iota // text for what is UTF-8, otherwise binary
	Text               // UTF-8
	Binary             // any bytes
)

// Options configures Dial and Listen. A nil *Options means all defaults; what a
// scheme has no use for is ignored.
type Options struct {
	// TLS is for tls and wss, and asks for TLS on tcp and unix. A listener without
	// a certificate makes a self-signed one for tls and wss.
	TLS *tls.Config

	DialTimeout time.Duration // handshakes included; 0 means 10 s

	Header      map[string][]string // of the WebSocket request
	Subprotocol string              // of WebSocket
	Kind        Kind                // of the WebSocket messages sent
	Max         int                 // bytes in a WebSocket message received; 0 means 16 MiB

	// OnWebSocket is called by Dial, before it returns, with the status and the
	// header of the server's answer that opens a WebSocket; nil for nobody.
	OnWebSocket func(status string, header http.Header)

	Family    int           // 4 or 6 for that version of IP only, 0 for either
	LocalAddr string        // what to connect from: "IP", "IP:port" or ":port"
	Idle      time.Duration // after which a UDP client that is silent is gone; 0 means 1 min
	ReusePort bool          // let other listeners that also ask for it share the port

	Stdin  io.Reader // for stdio; nil means os.Stdin
	Stdout io.Writer // for stdio; nil means os.Stdout
	Stderr io.Writer // of children; nil means os.Stderr
}

func (o *Options) orDefault() *Options {
	if o == nil {
		return &Options{}
	}
	return o
}

// A Listener accepts connections.
type Listener interface {
	// Accept returns the next connection; io.EOF when the address has only one to
	// give, net.ErrClosed after Close, the context's error after that ended.
	Accept() (*Conn, error)

	Addr() string        // the real address, such as "tcp://127.0.0.1:5000"
	Port() int           // 0 where there is none
	Fingerprint() string // SHA-256 of the certificate that was made for TLS, empty if none was
	Close() error        // connections that were accepted live on
}

// Dial connects to address. The context governs the attempt, not the connection.
func Dial(ctx context.Context, address string, o *Options) (*Conn, error) {
	s, err := find(address)
	if err != nil {
		return nil, err
	}
	if s.dial == nil {
		return nil, &socket.AddressError{Address: address, Reason: "cannot be connected to, only listened on"}
	}
	if err := ctx.Err(); err != nil {
		return nil, &socket.Error{Op: "dial", Address: address, Err: err}
	}
	return s.dial(ctx, address, o.orDefault())
}

// Listen listens on address until the context ends or the listener is closed.
// Hosts default to localhost.
func Listen(ctx context.Context, address string, o *Options) (Listener, error) {
	s, err := find(address)
	if err != nil {
		return nil, err
	}
	if s.listen == nil {
		return nil, &socket.AddressError{Address: address, Reason: "cannot be listened on, only connected to"}
	}
	l, err := s.listen(ctx, address, o.orDefault())
	if err != nil {
		return nil, err
	}
	return governed(ctx, l), nil
}

// A governedListener is closed when its context ends.
type governedListener struct {
	Listener
	ctx  context.Context
	stop func() bool
}

func governed(ctx context.Context, l Listener) Listener {
	return &governedListener{Listener: l, ctx: ctx, stop: context.AfterFunc(ctx, func() { l.Close() })}
}

func (l *governedListener) Accept() (*Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil && errors.Is(err, net.ErrClosed) && l.ctx.Err() != nil {
		return nil, l.ctx.Err()
	}
	return c, err
}

func (l *governedListener) Close() error {
	l.stop()
	return l.Listener.Close()
}

// portOf returns the port of an address of package net, 0 if it has none.
func portOf(a net.Addr) int {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(port)
	return n
}

// name spells an end of a socket for people.
func name(a net.Addr) string {
	if text := a.String(); text != "@" { // a Unix socket that was never bound
		return text
	}
	return ""
}
