package packetstream

import (
	"context"
	"net"
	"testing"
	"time"
)

const patience = 10 * time.Second // how long a test waits for what should happen at once

// pair returns two ends of a TCP connection, which are closed, with all that they
// run, at the end of the test.
func pair(t testing.TB, a, b *Options) (*Conn, *Conn) {
	t.Helper()
	x, y := tcpPair(t)
	c, d := New(x, a), New(y, b)
	t.Cleanup(func() {
		c.Close()
		d.Close()
		wait(t, c.Done())
		wait(t, d.Done())
	})
	return c, d
}

func tcpPair(t testing.TB) (net.Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	x, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	y, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return x, y
}

func wait(t testing.TB, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("it does not happen")
	}
}

// within is a context for what should happen at once.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func echo(_ context.Context, r Request) (Reply, error) {
	return Reply{Flags: r.Flags, Payload: r.Payload}, nil
}

func TestCall(t *testing.T) {
	c, d := pair(t, nil, &Options{Handler: echo})
	for range 200 {
		r, err := c.Call(within(t), Request{Type: 3, Flags: 0x55, Payload: []byte("hello")})
		if err != nil || string(r.Payload) != "hello" || r.Flags != 0x55 {
			t.Fatal(r, err)
		}
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	wait(t, d.Done())
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}
