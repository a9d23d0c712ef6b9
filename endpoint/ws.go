package endpoint

import (
	"context"

	"github.com/chancat/channel/internal/ws"
)

var wsScheme = scheme{
	prefix:  "ws://",
	form:    "ws://HOST[:PORT]/PATH",
	meaning: "WebSocket; one WebSocket message is one message",
	dial:    dialWS,
	listen:  listenWS,
}

var wssScheme = scheme{
	prefix:  "wss://",
	form:    "wss://HOST[:PORT]/PATH",
	meaning: "WebSocket over TLS",
	dial:    dialWS,
	listen:  listenWSS,
}

func dialWS(ctx context.Context, address string, o *Options) (*Conn, error) {
	c, err := ws.Dial(ctx, address, o.ws())
	if err != nil {
		return nil, err
	}
	return wsConn(c), nil
}

func listenWS(ctx context.Context, address string, o *Options) (Listener, error) {
	l, err := ws.Listen(ctx, address, o.ws())
	if err != nil {
		return nil, err
	}
	return &wsListener{Listener: l}, nil
}

func listenWSS(ctx context.Context, address string, o *Options) (Listener, error) {
	certified, fingerprint, err := o.certified(address)
	if err != nil {
		return nil, err
	}
	l, err := ws.Listen(ctx, address, certified.ws())
	if err != nil {
		return nil, err
	}
	return &wsListener{Listener: l, fingerprint: fingerprint}, nil
}

func (o *Options) ws() *ws.Options {
	return &ws.Options{
		Header:      o.Header,
		Subprotocol: o.Subprotocol,
		Kind:        ws.Kind(o.Kind),
		Max:         o.Max,
		TLS:         o.TLS,
		Timeout:     o.DialTimeout,
		ReusePort:   o.ReusePort,
		Family:      o.Family,
		LocalAddr:   o.LocalAddr,
		Answered:    o.OnWebSocket,
	}
}

func wsConn(c *ws.Conn) *Conn {
	return &Conn{Messages: c, Framing: "ws", Local: name(c.LocalAddr()), Remote: name(c.RemoteAddr())}
}

type wsListener struct {
	*ws.Listener
	fingerprint string
}

func (l *wsListener) Accept() (*Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return wsConn(c), nil
}

func (l *wsListener) Addr() string        { return l.URL() }
func (l *wsListener) Port() int           { return portOf(l.Listener.Addr()) }
func (l *wsListener) Fingerprint() string { return l.fingerprint }
