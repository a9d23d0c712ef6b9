package endpoint

import (
	"context"
	"net"

	"github.com/chancat/channel/internal/socket"
)

var tcpScheme = scheme{
	prefix:  "tcp://",
	form:    "[tcp://][HOST:]PORT",
	meaning: "TCP; without a host, localhost",
	dial:    dialSocket,
	listen:  listenSocket,
}

// dialSocket serves every scheme of package socket.
func dialSocket(ctx context.Context, address string, o *Options) (*Conn, error) {
	a, err := socket.Parse(address)
	if err != nil {
		return nil, err
	}
	c, err := socket.Dial(ctx, a, o.socket())
	if err != nil {
		return nil, err
	}
	return socketConn(c), nil
}

func listenSocket(ctx context.Context, address string, o *Options) (Listener, error) {
	a, err := socket.Parse(address)
	if err != nil {
		return nil, err
	}
	l, err := socket.Listen(ctx, a, o.socket())
	if err != nil {
		return nil, err
	}
	return &socketListener{Listener: l, scheme: a.Scheme}, nil
}

func (o *Options) socket() *socket.Options {
	return &socket.Options{TLS: o.TLS, Timeout: o.DialTimeout, ReusePort: o.ReusePort, Family: o.Family, LocalAddr: o.LocalAddr}
}

func socketConn(c net.Conn) *Conn {
	return &Conn{Stream: c, Local: name(c.LocalAddr()), Remote: name(c.RemoteAddr())}
}

type socketListener struct {
	net.Listener
	scheme      string
	fingerprint string
}

func (l *socketListener) Accept() (*Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return socketConn(c), nil
}

func (l *socketListener) Addr() string        { return socket.Of(l.scheme, l.Listener.Addr()) }
func (l *socketListener) Port() int           { return portOf(l.Listener.Addr()) }
func (l *socketListener) Fingerprint() string { return l.fingerprint }
