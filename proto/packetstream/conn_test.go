package packetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/bytepipe"
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
	for i := range 200 { // beyond 127 a tag has two bytes
		payload := fmt.Sprint("hello ", i)
		r, err := c.Call(within(t), Request{Type: 3, Flags: 0x55, Payload: []byte(payload)})
		if err != nil || string(r.Payload) != payload || r.Flags != 0x55 {
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
	if _, err := d.Submit(within(t), Request{}); !errors.Is(err, ErrPeerEnded) {
		t.Error(err)
	}
}

// Both sides ask, and handlers ask back, many more at once than there are workers.
func TestBothWays(t *testing.T) {
	back := func(ctx context.Context, r Request) (Reply, error) {
		if r.Type == 0 {
			return echo(ctx, r)
		}
		return FromContext(ctx).Call(ctx, Request{Payload: append(r.Payload, '!')})
	}
	c, d := pair(t, &Options{Handler: back, Workers: 3}, &Options{Handler: back, Workers: 3})
	var callers sync.WaitGroup
	for i := range 200 {
		conn := c
		if i%2 == 1 {
			conn = d
		}
		callers.Go(func() {
			r, err := conn.Call(within(t), Request{Type: uint64(i / 2 % 2), Payload: []byte("x")})
			if err != nil || len(r.Payload) != 1+i/2%2 {
				t.Error(r, err)
			}
		})
	}
	callers.Wait()
}

func TestReplyOrder(t *testing.T) {
	first := make(chan struct{})
	c, _ := pair(t, nil, &Options{Workers: 2, Handler: func(ctx context.Context, r Request) (Reply, error) {
		if r.Type == 1 {
			<-first
		}
		return echo(ctx, r)
	}})
	slow, err := c.Submit(within(t), Request{Type: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.Call(within(t), Request{}); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-slow.Done():
		t.Error("it is done")
	default:
	}
	close(first)
	for range 2 { // a result can be asked for again
		if _, err := slow.Wait(within(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestChannels(t *testing.T) {
	on := func(name string) Handler {
		return func(context.Context, Request) (Reply, error) { return Reply{Payload: []byte(name)}, nil }
	}
	c, _ := pair(t, nil, &Options{Handler: on("zero"), Channels: map[uint64]Handler{3: on("three"), 1 << 40: on("large")}})
	for channel, want := range map[uint64]string{0: "zero", 3: "three", 1 << 40: "large"} {
		for tag := range uint64(3) {
			p, err := c.Submit(within(t), Request{Channel: channel})
			if err != nil {
				t.Fatal(err)
			}
			if channel == 0 {
				tag += firstTag
			}
			if r, err := p.Wait(within(t)); err != nil || string(r.Payload) != want || p.Tag() != tag {
				t.Errorf("%d: %q, %v, tag %d", channel, r.Payload, err, p.Tag())
			}
		}
	}
	wantRejected(t, c, Request{Channel: 4}, "unknown channel %d")
}

func wantRejected(t *testing.T, c *Conn, r Request, text string) {
	t.Helper()
	_, err := c.Call(within(t), r)
	no, ok := errors.AsType[*RejectError](err)
	if !ok || no.Text != text {
		t.Errorf("%v, want %q", err, text)
	}
}

func TestRejections(t *testing.T) {
	c, d := pair(t, nil, &Options{MaxPacket: 1000, Handler: func(_ context.Context, r Request) (Reply, error) {
		switch r.Type {
		case 1:
			panic("boom")
		case 2:
			return Reply{}, &RejectError{Text: "not today", Flags: 5}
		case 3:
			return Reply{Flags: 1 << 61}, nil
		case 4:
			return Reply{Payload: make([]byte, 1001)}, nil
		}
		return Reply{}, errors.New("a secret")
	}})
	for requestType, text := range []string{RejectException, RejectException, "not today", RejectException, RejectException} {
		wantRejected(t, c, Request{Type: uint64(requestType)}, text)
	}
	wantRejected(t, d, Request{}, RejectNoHandler)
	for _, r := range []Request{{Type: 1<<64 - 1}, {Flags: 1 << 62}} {
		if _, err := c.Submit(within(t), r); !errors.Is(err, frame.ErrUnsendable) {
			t.Errorf("%v: %v", r, err)
		}
	}
	if _, err := d.Submit(within(t), Request{Payload: make([]byte, 1001)}); !errors.Is(err, frame.ErrUnsendable) {
		t.Error(err)
	}
	if err := c.EndRequests(within(t)); err != nil {
		t.Error(err)
	}
	if _, err := c.Submit(within(t), Request{}); err != ErrEnded {
		t.Error(err)
	}
	wantRejected(t, d, Request{}, RejectNoHandler) // the other direction goes on
}

// Shutdown waits for replies and for handlers, and lets nothing new begin.
func TestShutdown(t *testing.T) {
	for _, both := range []bool{false, true} {
		release, started := make(chan struct{}), make(chan struct{})
		slow := func(ctx context.Context, r Request) (Reply, error) {
			if r.Type == 0 {
				started <- struct{}{}
				<-release
			}
			return echo(ctx, r)
		}
		c, d := pair(t, &Options{Handler: slow}, &Options{Handler: slow})
		p, err := c.Submit(within(t), Request{})
		if err != nil {
			t.Fatal(err)
		}
		q, err := d.Submit(within(t), Request{})
		if err != nil {
			t.Fatal(err)
		}
		<-started
		<-started
		ended := make(chan error, 2)
		go func() { ended <- c.Shutdown(within(t)) }()
		if both {
			go func() { ended <- d.Shutdown(within(t)) }()
		} else {
			for err := error(nil); err == nil; { // the rejection of new requests begins soon
				_, err = d.Call(within(t), Request{Type: 1})
				if no, ok := errors.AsType[*RejectError](err); err != nil && (!ok || no.Text != RejectShutdown) {
					t.Fatal(err)
				}
			}
		}
		close(release)
		for _, pending := range []*Pending{p, q} {
			if _, err := pending.Wait(within(t)); err != nil {
				t.Error(err)
			}
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		wait(t, c.Done())
		wait(t, d.Done())
	}
}

func TestCancel(t *testing.T) {
	release := make(chan struct{})
	c, _ := pair(t, nil, &Options{Handler: func(ctx context.Context, r Request) (Reply, error) {
		if r.Type == 1 {
			<-release
		}
		return echo(ctx, r)
	}})
	ctx, cancel := context.WithCancel(context.Background())
	called := make(chan error)
	go func() {
		_, err := c.Call(ctx, Request{Type: 1})
		called <- err
	}()
	p, err := c.Submit(within(t), Request{Type: 1})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-called; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := p.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	p.Cancel()
	if _, err := p.Wait(within(t)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release) // late answers do no harm
	if _, err := c.Call(within(t), Request{}); err != nil {
		t.Error(err)
	}
}

// More is asked than may be unanswered: Submit waits, or gives up with its context.
func TestMaxPending(t *testing.T) {
	release := make(chan struct{})
	c, _ := pair(t, &Options{MaxPending: 2}, &Options{Handler: func(ctx context.Context, r Request) (Reply, error) {
		<-release
		return echo(ctx, r)
	}})
	for range 2 {
		if _, err := c.Submit(within(t), Request{}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Submit(ctx, Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(release)
	if _, err := c.Submit(within(t), Request{}); err != nil {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	started := make(chan struct{})
	c, d := pair(t, nil, &Options{Handler: func(ctx context.Context, _ Request) (Reply, error) {
		close(started)
		<-ctx.Done()
		return Reply{}, ctx.Err()
	}})
	p, err := c.Submit(within(t), Request{})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, started)
	c.Close()
	if _, err := p.Wait(within(t)); err != ErrClosed {
		t.Error(err)
	}
	if _, err := c.Call(within(t), Request{}); err != ErrClosed {
		t.Error(err)
	}
	wait(t, c.Done())
	if c.Err() != ErrClosed {
		t.Error(c.Err())
	}
	d.Close()
	wait(t, d.Done())
}

// Packets may be cut and merged in any way.
func TestSplitReads(t *testing.T) {
	x, y := bytepipe.Pair(1 << 20)
	c := NewPair(iotest.OneByteReader(x), x, nil)
	d := NewPair(iotest.HalfReader(y), y, &Options{Handler: echo})
	payload := bytes.Repeat([]byte("0123456789"), 100)
	for range 5 {
		r, err := c.Call(within(t), Request{Payload: payload})
		if err != nil || !bytes.Equal(r.Payload, payload) {
			t.Error(err)
		}
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	wait(t, d.Done())
	c.Close()
	d.Close()
}

// A countingWriter counts writes, as a peer would see them.
type countingWriter struct {
	io.WriteCloser
	n atomic.Int32
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n.Add(1)
	return w.WriteCloser.Write(p)
}

// With a grace, requests that are sent one after the other share a write.
func TestGrace(t *testing.T) {
	in, out := io.Pipe()
	back, answers := io.Pipe()
	w := &countingWriter{WriteCloser: out}
	c := NewPair(back, w, &Options{Grace: 50 * time.Millisecond})
	d := NewPair(in, answers, &Options{Handler: echo})
	var pending []*Pending
	for range 20 {
		p, err := c.Submit(within(t), Request{})
		if err != nil {
			t.Fatal(err)
		}
		pending = append(pending, p)
	}
	for _, p := range pending {
		if _, err := p.Wait(within(t)); err != nil {
			t.Error(err)
		}
	}
	if n := w.n.Load(); n > 5 { // one, unless the machine is very busy
		t.Errorf("%d writes", n)
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	wait(t, d.Done())
	c.Close()
	d.Close()
}

func TestOnDemand(t *testing.T) {
	var opened, shut atomic.Int32
	x, y := bytepipe.Pair(1 << 16)
	open := func(context.Context) (io.Reader, io.Writer, func() error, error) {
		opened.Add(1)
		return x, x, func() error { shut.Add(1); return x.Close() }, nil
	}
	unused := OnDemand(open, nil)
	if err := unused.Shutdown(within(t)); err != nil || opened.Load() > 0 {
		t.Error(err, opened.Load())
	}
	wait(t, unused.Done())

	c := OnDemand(open, nil)
	d := New(y, &Options{Handler: echo})
	for range 2 {
		if r, err := c.Call(within(t), Request{Payload: []byte("x")}); err != nil || string(r.Payload) != "x" {
			t.Error(r, err)
		}
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	c.Close()
	c.Close()
	wait(t, d.Done())
	d.Close()
	if opened.Load() != 1 || shut.Load() != 1 {
		t.Error(opened.Load(), shut.Load())
	}

	refused := errors.New("nobody there")
	e := OnDemand(func(context.Context) (io.Reader, io.Writer, func() error, error) { return nil, nil, nil, refused }, nil)
	if _, err := e.Call(within(t), Request{}); !errors.Is(err, refused) {
		t.Error(err)
	}
	wait(t, e.Done())
	e.Close()
}

func TestServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, echo) }()
	var conns []*Conn
	for range 5 {
		stream, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c := New(stream, nil)
		defer c.Close()
		if _, err := c.Call(within(t), Request{}); err != nil {
			t.Error(err)
		}
		conns = append(conns, c)
	}
	stop()
	for _, c := range conns { // each is told
		wait(t, c.Done())
		if err := c.Err(); err != nil {
			t.Error(err)
		}
	}
	if err := <-served; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
