package socket

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/chancat/channel/internal/pause"
)

// acceptPause follows an accept that failed, as for want of descriptors: until then
// some may be closed.
const acceptPause = 50 * time.Millisecond

// Serve calls serve for each connection that comes to l, in a goroutine of its own
// and at most so many at once: more wait to be accepted. The context of serve ends
// with ctx, and when Serve is about to return; the connection is serve's to close.
// failed is told why a connection could not be accepted.
//
// Serve returns why ctx has ended, or the error of a listener that was closed. It
// closes l, and returns when every serve has.
func Serve(ctx context.Context, l net.Listener, most int, failed func(error), serve func(context.Context, net.Conn)) error {
	ctx, cancel := context.WithCancel(ctx)
	var served sync.WaitGroup
	defer served.Wait()
	defer cancel()
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	slots := make(chan struct{}, most)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		c, err := l.Accept()
		switch {
		case err == nil:
			served.Go(func() {
				defer func() { <-slots }()
				serve(ctx, c)
			})
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, net.ErrClosed):
			return err
		}
		<-slots
		failed(err)
		if err := pause.For(ctx, acceptPause); err != nil {
			return err
		}
	}
}

// CloseGently ends our side of c, reads on until the peer has ended its own, for at
// most so long, and closes: to close with bytes of the peer unread would reset the
// connection, and could destroy what the peer has not read yet.
func CloseGently(c net.Conn, most time.Duration) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		c.SetReadDeadline(time.Now().Add(most))
		io.Copy(io.Discard, c)
	}
	return c.Close()
}
