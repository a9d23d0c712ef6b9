package bgpy

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/internal/socket"
)

const (
	// DefaultPace is the distance in time that a message keeps from what came
	// before. The Python program needs more than 0.1 s, and on a busy machine more
	// than that.
	DefaultPace = 300 * time.Millisecond

	defaultTimeout = 30 * time.Second

	// Before a server closes, the client is given this long to close first:
	// closing with bytes of it unread would reset the connection.
	linger = time.Second
)

// A conn is one end of a connection that carries messages.
type conn struct {
	net.Conn
	ctx  context.Context // its end interrupts whatever waits
	rd   *frame.Reader
	pace time.Duration
	last time.Time // when bytes last came or went
}

func newConn(ctx context.Context, c net.Conn, pace time.Duration, limit int) (_ *conn, stop func() bool) {
	pc := &conn{Conn: c, ctx: ctx, pace: pace, last: time.Now()}
	pc.rd = frame.NewReader(c, framing.Bgpy, limit)
	return pc, context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
}

// within sets the time that the next read or write may take. It fails if the
// context has ended; if that ends later, it interrupts.
func (c *conn) within(d time.Duration) error {
	c.SetDeadline(time.Now().Add(d))
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	return nil
}

// receive returns the next message. The error is io.EOF where the peer ended its
// side between two messages.
func (c *conn) receive(wait time.Duration) (Message, error) {
	if err := c.within(wait); err != nil {
		return Message{}, err
	}
	body, err := c.rd.NextMessage()
	if err != nil {
		return Message{}, c.cause(err)
	}
	c.last = time.Now()
	return ParseBody(body)
}

// send writes m with one write: the Python receiver takes the length from the
// first bytes that come.
func (c *conn) send(m Message, wait time.Duration) error {
	body, err := m.AppendBody(nil)
	if err != nil {
		return err
	}
	f, err := framing.Bgpy.AppendFrame(nil, body)
	if err != nil {
		return err
	}
	if err := c.within(wait); err != nil {
		return err
	}
	_, err = c.Write(f)
	c.last = time.Now()
	return c.cause(err)
}

// cause returns why the context ended, if that is what err comes from.
func (c *conn) cause(err error) error {
	if err != nil && err != io.EOF && c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	return err
}

// pause waits until a message keeps its distance from what was last sent or
// received.
func (c *conn) pause() error {
	return pause.For(c.ctx, time.Until(c.last.Add(c.pace)))
}

// finish closes the connection, for at most d behind the peer.
func (c *conn) finish(d time.Duration) { socket.CloseGently(c.Conn, d) }

// isTimeout reports whether err is the end of a deadline.
func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
