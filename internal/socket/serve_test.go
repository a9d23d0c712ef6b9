package socket

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

func listenHere(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// No more connections are served at once than may be, all are in the end, and the
// end of the context reaches those that still are.
func TestServe(t *testing.T) {
	const most, clients = 2, 6
	l := listenHere(t)
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	var now, peak, last atomic.Int32
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, l, most, func(err error) { t.Error(err) }, func(ctx context.Context, c net.Conn) {
			defer c.Close()
			if n := now.Add(1); n > peak.Load() {
				peak.Store(n)
			}
			defer now.Add(-1)
			io.Copy(c, c)
			if last.Add(1) == clients {
				cancel(why)
				<-ctx.Done()
			}
		})
	}()
	for range clients {
		go func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(20 * time.Second))
			c.Write([]byte("x"))
			c.(*net.TCPConn).CloseWrite()
			if got, err := io.ReadAll(c); string(got) != "x" {
				t.Errorf("%q, %v", got, err)
			}
		}()
	}
	if err := <-ended; err != why || now.Load() != 0 || peak.Load() > most {
		t.Errorf("%v; %d left, at most %d at once", err, now.Load(), peak.Load())
	}
}

func TestServeEndsWithItsListener(t *testing.T) {
	l := listenHere(t)
	l.Close()
	err := Serve(t.Context(), l, 1, func(error) {}, func(_ context.Context, c net.Conn) { c.Close() })
	if !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// failing fails to accept once, and then is a listener.
type failing struct {
	net.Listener
	failed atomic.Bool
}

func (f *failing) Accept() (net.Conn, error) {
	if !f.failed.Swap(true) {
		return nil, errors.New("no descriptors")
	}
	return f.Listener.Accept()
}

func TestServeGoesOnAfterAFailedAccept(t *testing.T) {
	l := listenHere(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	Serve(ctx, &failing{Listener: l}, 1, func(error) { told++ }, func(_ context.Context, c net.Conn) {
		c.Close()
		cancel()
	})
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}
