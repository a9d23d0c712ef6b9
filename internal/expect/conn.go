package expect

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
)

// aheadMost is how many messages may have come that no step has asked for yet:
// then the connection is read no further.
const aheadMost = 64

// A conn is a connection of a case.
type conn struct {
	number   int
	link     *link.Link
	composer framing.Composer // nil where what is typed is the message
	answers  framing.Composer // the same of what is expected

	arrived chan arrival // closed behind the first error
	over    context.Context
	end     context.CancelFunc
	stopped func() bool
	gone    chan struct{} // the reader has ended
}

// An arrival is a message, or why no more come.
type arrival struct {
	msg   []byte
	err   error
	fault link.Fault // of err, where it is a broken frame
}

func newConn(ctx context.Context, l *link.Link, number int, f framing.Framing) *conn {
	c := &conn{number: number, link: l, arrived: make(chan arrival, aheadMost), gone: make(chan struct{})}
	c.over, c.end = context.WithCancel(ctx)
	c.stopped = context.AfterFunc(ctx, func() { l.Close() })
	c.composer, _ = f.C2S.Codec.(framing.Composer)
	c.answers, _ = f.S2C.Codec.(framing.Composer)
	go c.read()
	return c
}

func (c *conn) read() {
	defer close(c.gone)
	defer close(c.arrived)
	for {
		msg, err := c.link.Recv()
		a := arrival{msg: bytes.Clone(msg), err: err}
		if err != nil {
			a.fault = c.link.Fault(err)
			a.fault.Bytes = bytes.Clone(a.fault.Bytes) // it is borrowed
		} else if a.msg == nil {
			a.msg = []byte{}
		}
		select {
		case c.arrived <- a:
		case <-c.over.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// next waits for the next arrival. The error is ErrTimeout, or the cause of the end
// of ctx.
func (c *conn) next(ctx context.Context, timeout <-chan time.Time) (arrival, error) {
	select {
	case a, ok := <-c.arrived: // what is there comes before the timeout
		return a.orClosed(ok), nil
	default:
	}
	select {
	case a, ok := <-c.arrived:
		return a.orClosed(ok), nil
	case <-timeout:
		return arrival{}, ErrTimeout
	case <-ctx.Done():
		return arrival{}, context.Cause(ctx)
	}
}

// orClosed is what stands behind the last arrival.
func (a arrival) orClosed(ok bool) arrival {
	if !ok {
		return arrival{err: io.EOF}
	}
	return a
}

// drain drops what still comes, until the peer ends its side or ctx ends.
func (c *conn) drain(ctx context.Context) {
	for {
		select {
		case a, ok := <-c.arrived:
			if !ok || a.err != nil {
				return
			}
		case <-ctx.Done():
			return
		case <-c.over.Done():
			return
		}
	}
}

func (c *conn) compose(msg []byte) ([]byte, error) {
	if c.composer == nil {
		return msg, nil
	}
	return c.composer.Compose(nil, msg)
}

// close ends the connection and the goroutine that reads it.
func (c *conn) close() {
	c.end()
	c.stopped()
	c.link.Close()
	<-c.gone
	c.link.Wait()
}
