package ws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/chancat/channel/frame"
)

// closeWait is how long Close waits for the peer's close frame.
const closeWait = time.Second

const maxReason = 123 // bytes, RFC 6455 §5.5

// A Conn is a WebSocket connection. Send may be called by any number of
// goroutines, and so may Recv.
type Conn struct {
	ws   *websocket.Conn
	conn net.Conn // below ws; closing it cuts everything short
	kind Kind
	max  int

	closed atomic.Bool // by Close, so that its effects are not blamed on the peer

	recvMu  sync.Mutex // guards recvErr; the library takes one reader at a time
	recvErr error      // sticky: after an error the stream is at no boundary

	last atomic.Int32 // the Kind last received
}

func newConn(ws *websocket.Conn, conn net.Conn, o Options) *Conn {
	ws.SetReadLimit(int64(o.Max))
	return &Conn{ws: ws, conn: conn, kind: o.Kind, max: o.Max}
}

// Recv returns the next message, which the caller owns. A normal close by the peer
// (status 1000, 1001 or none) is io.EOF, a connection lost without a close frame
// wraps io.ErrUnexpectedEOF, any other close is a [*CloseError], a message over
// the limit wraps frame.ErrTooLarge, and frames that are no WebSocket wrap
// frame.ErrSyntax.
func (c *Conn) Recv() ([]byte, error) {
	c.recvMu.Lock()
	defer c.recvMu.Unlock()
	if c.recvErr != nil {
		return nil, c.recvErr
	}
	typ, r, err := c.ws.Reader(context.Background())
	var msg bytes.Buffer // grows as bytes arrive, not as the head claims
	if err == nil {
		_, err = msg.ReadFrom(r)
	}
	if err != nil {
		c.recvErr = c.classify(err)
		return nil, c.recvErr
	}
	if typ == websocket.MessageText {
		c.last.Store(int32(Text))
	} else {
		c.last.Store(int32(Binary))
	}
	return msg.Bytes(), nil
}

// LastKind returns Text or Binary, whichever the last message received said it
// was, and Auto before the first.
func (c *Conn) LastKind() Kind { return Kind(c.last.Load()) }

func (c *Conn) classify(err error) error {
	var (
		status websocket.CloseError
		op     *net.OpError
	)
	switch {
	case errors.As(err, &status):
		switch status.Code {
		case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
			return io.EOF
		}
		return &CloseError{Code: int(status.Code), Reason: status.Reason}
	case errors.Is(err, websocket.ErrMessageTooBig):
		return fmt.Errorf("%w: a WebSocket message over the limit of %d bytes", frame.ErrTooLarge, c.max)
	case c.closed.Load():
		return net.ErrClosed
	case errors.As(err, &op):
		return fmt.Errorf("connection lost without a close frame: %w: %w", io.ErrUnexpectedEOF, op.Err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("connection lost without a close frame: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("%w: WebSocket: %w", frame.ErrSyntax, err)
}

// Send sends msg as one message. Where text is forced, what is not UTF-8 is
// refused with an error that wraps frame.ErrUnsendable.
func (c *Conn) Send(msg []byte) error {
	typ := websocket.MessageBinary
	if c.kind != Binary && utf8.Valid(msg) {
		typ = websocket.MessageText
	} else if c.kind == Text {
		return frame.Refuse("a WebSocket text message must be UTF-8; send it as binary")
	}
	err := c.ws.Write(context.Background(), typ, msg)
	if err != nil && c.closed.Load() {
		return net.ErrClosed
	}
	return err
}

// Close sends a close frame, waits up to a second for the peer's and closes the
// connection. It interrupts a blocked Recv or Send. Messages that arrive meanwhile
// may be lost: WebSocket has no half-close.
func (c *Conn) Close() error { return c.CloseWith(int(websocket.StatusNormalClosure), "") }

// CloseWith is Close with a status of RFC 6455 §7.4 and a reason, of which the
// first 123 bytes are sent.
func (c *Conn) CloseWith(code int, reason string) error {
	if c.closed.Swap(true) {
		return nil
	}
	for len(reason) > maxReason || !utf8.ValidString(reason) {
		reason = reason[:min(len(reason), maxReason+1)-1] // never in the middle of a character
	}
	cut := time.AfterFunc(closeWait, func() { c.conn.Close() })
	defer cut.Stop()
	// The library's error is about the closing handshake. A peer that is gone, or
	// does not answer, leaves this end closed all the same.
	_ = c.ws.Close(websocket.StatusCode(code), reason)
	return nil
}

// CloseNow closes the connection without a word.
func (c *Conn) CloseNow() {
	c.closed.Store(true)
	_ = c.ws.CloseNow() // it may be closed already
}

// Ping sends a ping and waits for the peer's pong, which arrives while somebody is
// in Recv.
func (c *Conn) Ping(ctx context.Context) error { return c.ws.Ping(ctx) }

// SetWriteDeadline bounds the writes under way and those to come. After one that
// it cut short the connection is of no more use.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.conn.SetWriteDeadline(t) }

// LocalAddr returns this end's address.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// Subprotocol returns what both ends agreed on, empty for none.
func (c *Conn) Subprotocol() string { return c.ws.Subprotocol() }

// A wire is the connection below a WebSocket. It makes the end of the stream an
// unexpected one, which it always is: the library takes an EOF inside a message
// for the message's end, and would deliver half of it as whole.
type wire struct{ net.Conn }

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
