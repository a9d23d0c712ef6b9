package packetstream

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/bytepipe"
)

const goodbye = "0301020003000200" // ERQ, EOF

// What a peer sends that is no packet ends the connection with an error that points
// at the byte, fails the calls, and is answered with ERQ and EOF.
func TestBrokenPeers(t *testing.T) {
	for _, p := range []struct {
		name, sends string
		offset      int64
		is          error
	}{
		{"short packet", "06370470687674" + "0105", 9, frame.ErrSyntax},
		{"empty packet", "00", 1, frame.ErrSyntax},
		{"malformed EOF", "03070200", 1, frame.ErrSyntax},
		{"cut short", "640202016162", 6, io.ErrUnexpectedEOF},
		{"cut in the length", "86", 1, io.ErrUnexpectedEOF},
		{"oversized", "ffffffff7f0202", 0, frame.ErrTooLarge},
		{"endless length", strings.Repeat("ff", 11), 9, frame.ErrSyntax},
		{"endless tag", "14" + strings.Repeat("80", 20), 11, frame.ErrSyntax},
	} {
		x, y := bytepipe.Pair(1 << 16)
		c := New(x, &Options{Handler: echo})
		pending, err := c.Submit(within(t), Request{Payload: []byte("x")})
		if err != nil {
			t.Fatal(err)
		}
		y.Write(unhex(t, p.sends))
		y.CloseWrite()
		_, err = pending.Wait(within(t))
		var e *frame.Error
		if !errors.As(err, &e) || e.Offset != p.offset || !errors.Is(err, p.is) {
			t.Errorf("%s: %v", p.name, err)
		}
		wait(t, c.Done())
		if c.Err() != err {
			t.Errorf("%s: %v, want %v", p.name, c.Err(), err)
		}
		c.Close()
		if got, err := io.ReadAll(y); err != nil || hex.EncodeToString(got) != "0402020178"+goodbye {
			t.Errorf("%s: %x, %v", p.name, got, err)
		}
	}
}

// A peer that goes without a word is no error of the stream, but one of the calls.
func TestPeerGoes(t *testing.T) {
	for _, sends := range []string{"", "03000200", goodbye} {
		x, y := bytepipe.Pair(1 << 16)
		c := New(x, nil)
		pending, err := c.Submit(within(t), Request{})
		if err != nil {
			t.Fatal(err)
		}
		y.Write(unhex(t, sends))
		y.CloseWrite()
		if _, err := pending.Wait(within(t)); err != ErrPeerEnded {
			t.Errorf("%q: %v", sends, err)
		}
		wait(t, c.Done())
		if err := c.Err(); err != nil {
			t.Errorf("%q: %v", sends, err)
		}
		c.Close()
	}
}

func TestReset(t *testing.T) {
	x, y := tcpPair(t)
	c := New(x, nil)
	pending, err := c.Submit(within(t), Request{})
	if err != nil {
		t.Fatal(err)
	}
	y.(*net.TCPConn).SetLinger(0)
	y.Close()
	if _, err := pending.Wait(within(t)); err == nil {
		t.Error("an answer")
	}
	wait(t, c.Done())
	c.Close()
}

// A peer that has stopped reading, and does not answer either, does not hold a call
// for ever: writing fails, and after a moment so does the call.
func TestPeerStopsReading(t *testing.T) {
	in, out := io.Pipe()
	silence, mouth := io.Pipe()
	defer mouth.Close()
	c := NewPair(silence, out, nil)
	in.Close()
	if _, err := c.Call(within(t), Request{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	wait(t, c.Done())
	if err := c.Err(); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	c.Close()
}

// Who sends requests and reads no answers is not read from any more: what is held
// for him has bounds.
func TestFlood(t *testing.T) {
	x, y := bytepipe.Pair(1 << 12)
	var running, most, handled atomic.Int32
	before := runtime.NumGoroutine()
	c := New(x, &Options{Workers: 3, MaxPacket: 1 << 20, Handler: func(ctx context.Context, r Request) (Reply, error) {
		defer running.Add(-1)
		for n := running.Add(1); n > most.Load(); {
			most.Store(n)
		}
		handled.Add(1)
		return Reply{Payload: make([]byte, 10_000)}, nil
	}})
	sent := make(chan int)
	go func() {
		tag := uint64(2)
		for ; ; tag++ {
			p := Packet{Request: true, Tag: tag, Type: 1, Payload: make([]byte, 100)}
			raw, _ := p.AppendFrame(nil)
			if _, err := y.Write(raw); err != nil {
				sent <- int(tag)
				return
			}
		}
	}()
	for last, since := int32(-1), time.Now(); time.Since(since) < 100*time.Millisecond; {
		if now := handled.Load(); now != last {
			last, since = now, time.Now()
		}
		time.Sleep(time.Millisecond)
	}
	if n := runtime.NumGoroutine() - before; n > 10 {
		t.Errorf("%d goroutines", n)
	}
	c.Close()
	y.Close()
	n := <-sent
	wait(t, c.Done())
	if most.Load() > 3 || n > unansweredMost+2*outboxMost/10_000+1000 {
		t.Errorf("%d at once; %d sent", most.Load(), n)
	}
}

// Handlers that call back wait for a peer that only asks: it is told that it asks too
// much, rather than that both wait for ever.
func TestCallbackFlood(t *testing.T) {
	x, y := bytepipe.Pair(1 << 20)
	c := New(x, &Options{Workers: 2, MaxPending: 2 * unansweredMost, Handler: func(ctx context.Context, r Request) (Reply, error) {
		return FromContext(ctx).Call(ctx, Request{})
	}})
	go func() {
		for tag := range uint64(unansweredMost + 10) {
			p := Packet{Request: true, Tag: tag, Type: 1}
			raw, _ := p.AppendFrame(nil)
			y.Write(raw)
		}
	}()
	rejected, rd := 0, frame.NewReader(y, framing.PacketStream, 1<<20)
	for rejected < 10 {
		body, err := rd.NextMessage()
		if err != nil {
			t.Fatal(err)
		}
		if p, err := ParseBody(body); err == nil && !p.Request && string(p.Payload) == rejectTooMany {
			rejected++
		}
	}
	c.Close()
	wait(t, c.Done())
}

// Neither answers to nothing nor requests that are used twice disturb others.
func TestStrayPackets(t *testing.T) {
	x, y := bytepipe.Pair(1 << 20)
	var stray []byte
	for tag := range uint64(5000) {
		p := Packet{Tag: tag + 1000, Flags: okFlag}
		stray, _ = p.AppendFrame(stray)
	}
	y.Write(stray)
	d := New(y, &Options{Handler: echo})
	c := New(x, nil)
	if _, err := c.Call(within(t), Request{}); err != nil {
		t.Error(err)
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	wait(t, d.Done())
	c.Close()
	d.Close()
}

// A client that does not take its answers loses its connection.
func TestImpatientServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	big := func(_ context.Context, r Request) (Reply, error) {
		if r.Type == 1 {
			return Reply{}, nil
		}
		return Reply{Payload: make([]byte, 32<<20)}, nil
	}
	go func() {
		served <- (&Server{Options: Options{Handler: big}, Timeout: 20 * time.Millisecond, MaxConns: 1}).Serve(ctx, l)
	}()
	stuck, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	stuck.Write(unhex(t, "0302020103030201"))
	next, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := New(next, nil)
	if _, err := c.Call(within(t), Request{Type: 1}); err != nil { // its turn has come
		t.Error(err)
	}
	c.Close()
	stop()
	<-served
}

// The limit on the time of one write is over with it: a client whose answers came
// together, and that asks again much later, still gets one.
func TestServerAfterTimeout(t *testing.T) {
	const limit = 20 * time.Millisecond
	release := make(chan struct{})
	handler, started := blocking(release)
	near, far := tcpPair(t)
	served := make(chan error, 1)
	go func() {
		s := &Server{Options: Options{Handler: handler}, Timeout: limit}
		served <- s.ServeConn(context.Background(), far)
	}()
	c := New(near, nil)
	defer c.Close()
	first, second := submit(t, c, Request{Type: 1}), submit(t, c, Request{Type: 1})
	wait1(t, started)
	wait1(t, started)
	close(release)
	for _, p := range []*Pending{first, second} {
		if _, err := p.Wait(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(2 * limit); time.Now().Before(end); {
		if _, err := c.Call(within(t), Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	c.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// Whatever a peer sends, the connection ends, and what we have sent are packets.
func FuzzConn(f *testing.F) {
	for _, text := range []string{
		"0802020168656c6c6f0301020003000200", "07020208736c6f7706020201647570", "0637047768617408020201616c697665",
		"03010200070302016c617465", "03070200", "0105", "640202016162", "050103030178",
	} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x, y := bytepipe.Pair(1 << 20)
		c := New(x, &Options{Handler: echo, Channels: map[uint64]Handler{3: echo}})
		p, err := c.Submit(within(t), Request{})
		if err != nil {
			t.Fatal(err)
		}
		y.Write(data)
		y.CloseWrite()
		wait(t, c.Done())
		wait(t, p.Done())
		c.Close()
		sent, err := io.ReadAll(y)
		if err != nil || !bytes.HasSuffix(sent, unhex(t, goodbye)) {
			t.Fatalf("%x: %x, %v", data, sent, err)
		}
		for len(sent) > 0 {
			_, n, err := Scan(sent)
			if err != nil {
				t.Fatalf("%x: %v", data, err)
			}
			sent = sent[n:]
		}
	})
}
