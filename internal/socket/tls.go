package socket

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"
)

// handshake makes a client's TLS connection of conn, or closes it.
func handshake(ctx context.Context, conn net.Conn, a Address, cfg *tls.Config) (net.Conn, error) {
	if err := logKeys(cfg); err != nil {
		conn.Close()
		return nil, err
	}
	if cfg.ServerName == "" && a.Network == "tcp" {
		cfg.ServerName, _, _ = net.SplitHostPort(a.Addr)
	}
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, &handshakeError{err}
	}
	return secure, nil
}

// A tlsListener accepts TLS connections. The handshake is left to the first use
// of each: a client that says nothing must not keep the next one waiting.
type tlsListener struct {
	net.Listener
	cfg     *tls.Config
	timeout time.Duration
}

func (l *tlsListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &serverConn{Conn: tls.Server(conn, l.cfg), timeout: l.timeout}, nil
}

// A serverConn is an accepted TLS connection. The first Read, Write or CloseWrite
// makes the handshake, within the timeout.
type serverConn struct {
	*tls.Conn
	timeout time.Duration

	once sync.Once // guards err, and holds other callers until the handshake is over
	err  error
}

func (c *serverConn) handshake() error {
	c.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
		defer cancel()
		if err := c.HandshakeContext(ctx); err != nil {
			c.err = explain("accept", Address{Scheme: "tls", Network: "tcp", Addr: c.RemoteAddr().String()}, &handshakeError{err})
			c.linger()
		}
	})
	return c.err
}

const (
	lingerTime  = time.Second
	lingerBytes = 64 << 10
)

// linger closes the connection after a failed handshake, of which only the alert is
// left to say: closing at once would reset the connection where the client has sent
// more, and a reset can destroy the alert.
func (c *serverConn) linger() {
	raw := c.NetConn()
	defer raw.Close()
	if half, ok := raw.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		raw.SetReadDeadline(time.Now().Add(lingerTime))
		io.CopyN(io.Discard, raw, lingerBytes)
	}
}

func (c *serverConn) Read(p []byte) (int, error) {
	if err := c.handshake(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *serverConn) Write(p []byte) (int, error) {
	if err := c.handshake(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *serverConn) CloseWrite() error {
	if err := c.handshake(); err != nil {
		return err
	}
	return c.Conn.CloseWrite()
}
