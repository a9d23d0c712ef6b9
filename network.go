package channel

import (
	"context"
	"errors"
	"iter"
	"net"
	"time"

	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/internal/socket"
)

const (
	backoffStart = 50 * time.Millisecond
	backoffMost  = 5 * time.Second
)

// Dial connects to address: host:port, tcp://host:port, tls://host:port,
// unix:PATH or unix:@NAME (docs/spec.md §3). The context governs dialling only.
// The error says what failed on which address and what to try.
func Dial(ctx context.Context, address string, o *Options) (*Channel, error) {
	a, err := socket.Parse(address)
	if err != nil {
		return nil, err
	}
	return dial(ctx, a, o)
}

func dial(ctx context.Context, a socket.Address, o *Options) (*Channel, error) {
	conn, err := socket.Dial(ctx, a, o.socket())
	if err != nil {
		return nil, err
	}
	o.logger().Info("connected", "local", conn.LocalAddr(), "remote", conn.RemoteAddr())
	return New(conn, o), nil
}

// Connect dials address each time the loop comes round: first at once, then
// after a pause that grows from 50 ms to 5 s while connections fail or do not
// outlive it. A failed dial is yielded as (nil, err) and the loop goes on; an
// address that cannot be understood, or the end of the context, ends it. The
// channels belong to the caller: they live on after the loop and the context.
func Connect(ctx context.Context, address string, o *Options) iter.Seq2[*Channel, error] {
	return func(yield func(*Channel, error) bool) {
		a, err := socket.Parse(address)
		if err != nil {
			yield(nil, err)
			return
		}
		for wait := backoffStart; ctx.Err() == nil; {
			opened := time.Now()
			ch, err := dial(ctx, a, o)
			if !yield(ch, err) {
				return
			}
			if err == nil && time.Since(opened) > wait {
				wait = backoffStart
			}
			if pause.For(ctx, wait) != nil {
				return
			}
			wait = min(2*wait, backoffMost)
		}
	}
}

// Listen yields a Channel for every client that connects to address. A failed
// accept is yielded as (nil, err), and unless the listener is gone the loop goes
// on. The end of the context, or leaving the loop, closes the listener; channels
// that were yielded live on. They belong to the caller.
func Listen(ctx context.Context, address string, o *Options) iter.Seq2[*Channel, error] {
	return func(yield func(*Channel, error) bool) {
		a, err := socket.Parse(address)
		if err != nil {
			yield(nil, err)
			return
		}
		l, err := socket.Listen(ctx, a, o.socket())
		if err != nil {
			yield(nil, err)
			return
		}
		defer l.Close()
		defer context.AfterFunc(ctx, func() { l.Close() })()
		if o != nil && o.OnListen != nil {
			o.OnListen(l.Addr())
		}
		o.logger().Info("listening", "address", l.Addr())
		accept(ctx, l, o, yield)
	}
}

func accept(ctx context.Context, l net.Listener, o *Options, yield func(*Channel, error) bool) {
	for wait := backoffStart; ; {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return
		case err == nil:
			o.logger().Info("accepted", "local", conn.LocalAddr(), "remote", conn.RemoteAddr())
			wait = backoffStart
			if !yield(New(conn, o), nil) {
				return
			}
		case !yield(nil, err), errors.Is(err, net.ErrClosed), pause.For(ctx, wait) != nil:
			return
		default:
			wait = min(2*wait, backoffMost) // out of descriptors, say: let some be closed
		}
	}
}
