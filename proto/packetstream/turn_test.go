package packetstream

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/bytepipe"
)

// streak makes c call d until c reads its answers itself, and d answers where it reads.
func streak(t *testing.T, c, d *Conn) {
	t.Helper()
	for until := time.Now().Add(patience); ; {
		if _, err := c.Call(within(t), Request{}); err != nil {
			t.Fatal(err)
		}
		c.mu.Lock()
		free := !c.taken
		c.mu.Unlock()
		d.mu.Lock()
		here := d.inStreak(d.requests)
		d.mu.Unlock()
		if free && here {
			return
		}
		if time.Now().After(until) {
			t.Fatal("no streak begins")
		}
	}
}

// freeze keeps the turn of c free until somebody waits, however late that is. It
// reports whether the turn was free.
func freeze(c *Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.taken && c.timer.Stop() // and so ticking stays set
}

// leads waits until the caller of p reads, on a Conn that was frozen.
func leads(t *testing.T, p *Pending) {
	t.Helper()
	defer func() {
		p.conn.mu.Lock()
		p.conn.ticking = false
		p.conn.mu.Unlock()
	}()
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond / 10) {
		p.conn.mu.Lock()
		yes := p.conn.leader == p
		p.conn.mu.Unlock()
		if yes {
			return
		}
		if time.Now().After(until) {
			t.Fatal("it does not read")
		}
	}
}

// blocking is a handler of which type 1 waits for the channel, and says when it does.
func blocking(release <-chan struct{}) (h Handler, started chan struct{}) {
	started = make(chan struct{}, 100)
	return func(ctx context.Context, r Request) (Reply, error) {
		if r.Type == 1 {
			started <- struct{}{}
			<-release
		}
		return echo(ctx, r)
	}, started
}

func submit(t *testing.T, c *Conn, r Request) *Pending {
	t.Helper()
	p, err := c.Submit(within(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Behind a streak the peer is served as before, though nobody calls.
func TestStreakThenPeer(t *testing.T) {
	c, d := pair(t, &Options{Handler: echo}, &Options{Handler: echo})
	streak(t, c, d)
	if _, err := d.Call(within(t), Request{}); err != nil {
		t.Error(err)
	}
	streak(t, c, d)
	streak(t, d, c)
	if err := d.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	wait(t, c.Done())
	if err := c.Err(); err != nil {
		t.Error(err)
	}
}

func TestStreakThenNoWait(t *testing.T) {
	c, d := pair(t, nil, &Options{Handler: echo})
	streak(t, c, d)
	p := submit(t, c, Request{})
	wait(t, p.Done())
	streak(t, c, d)
	p = submit(t, c, Request{})
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // nobody waits, and yet it is read
		c.mu.Lock()
		ended := p.ended
		c.mu.Unlock()
		if ended {
			break
		}
		if time.Now().After(until) {
			t.Fatal("no answer")
		}
	}
	streak(t, c, d)
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
}

// A handler that takes its time holds up nobody, nor does one that waits for its own
// peer, with its context or without.
func TestStreakThenSlowHandler(t *testing.T) {
	release := make(chan struct{})
	slow, started := blocking(release)
	c, d := pair(t, &Options{Handler: echo}, &Options{Handler: slow})
	streak(t, c, d)
	p := submit(t, c, Request{Type: 1})
	wait1(t, started)
	for range 3 {
		if _, err := c.Call(within(t), Request{}); err != nil {
			t.Error(err)
		}
	}
	d.mu.Lock()
	cost := d.requests
	d.mu.Unlock()
	if cost >= 0 {
		t.Errorf("the streak of the server is %d", cost)
	}
	close(release)
	if _, err := p.Wait(within(t)); err != nil {
		t.Error(err)
	}
}

func wait1(t *testing.T, started <-chan struct{}) {
	t.Helper()
	select {
	case <-started:
	case <-time.After(patience):
		t.Fatal("it does not start")
	}
}

func TestStreakThenCallback(t *testing.T) {
	for name, derive := range map[string]func(context.Context) context.Context{
		"the handler's context": func(ctx context.Context) context.Context { return ctx },
		"another context":       func(context.Context) context.Context { return context.Background() },
	} {
		t.Run(name, func(t *testing.T) {
			c, d := pair(t, &Options{Handler: echo}, &Options{Handler: func(ctx context.Context, r Request) (Reply, error) {
				if r.Type == 1 {
					return FromContext(ctx).Call(derive(ctx), Request{Payload: []byte("back")})
				}
				return echo(ctx, r)
			}})
			for range 3 {
				streak(t, c, d)
				if r, err := c.Call(within(t), Request{Type: 1}); err != nil || string(r.Payload) != "back" {
					t.Error(r, err)
				}
			}
		})
	}
}

// Who reads and gives up leaves the connection as it was, even in the middle of a
// packet.
func TestLeaderGivesUp(t *testing.T) {
	release := make(chan struct{})
	slow, _ := blocking(release)
	c, d := pair(t, nil, &Options{Handler: slow})
	for !freeze(c) {
		streak(t, c, d)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	p := submit(t, c, Request{Type: 1})
	waited := make(chan error)
	go func() {
		_, err := p.Wait(ctx)
		waited <- err
	}()
	leads(t, p)
	why := errors.New("why")
	cancel(why)
	if err := <-waited; err != why {
		t.Error(err)
	}
	if _, err := c.Call(within(t), Request{}); err != nil {
		t.Error(err)
	}
	close(release)
	if _, err := p.Wait(within(t)); err != nil { // it can be asked for again
		t.Error(err)
	}
}

func TestLeaderIsCancelled(t *testing.T) {
	for name, end := range map[string]func(*Pending){
		"Cancel": (*Pending).Cancel,
		"Close":  func(p *Pending) { p.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			slow, _ := blocking(release)
			c, d := pair(t, nil, &Options{Handler: slow})
			defer close(release)
			for !freeze(c) {
				streak(t, c, d)
			}
			p := submit(t, c, Request{Type: 1})
			waited := make(chan error)
			go func() {
				_, err := p.Wait(context.Background())
				waited <- err
			}()
			leads(t, p)
			end(p)
			select {
			case err := <-waited:
				if !errors.Is(err, context.Canceled) && err != ErrClosed {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Error("it goes on waiting")
			}
		})
	}
}

// scripted returns a Conn that leads at once, and the other end of its stream.
func scripted(t *testing.T, o *Options) (*Conn, net.Conn) {
	x, y := tcpPair(t)
	c := New(x, o)
	t.Cleanup(func() {
		c.Close()
		y.Close()
		wait(t, c.Done())
	})
	answer := func() {
		p := readPacket(t, y)
		reply := Packet{Tag: p.Tag, Flags: okFlag}
		raw, _ := reply.AppendFrame(nil)
		y.Write(raw)
	}
	for until := time.Now().Add(patience); ; {
		p := submit(t, c, Request{})
		go answer()
		if _, err := p.Wait(within(t)); err != nil {
			t.Fatal(err)
		}
		if freeze(c) {
			return c, y
		}
		if time.Now().After(until) {
			t.Fatal("no streak begins")
		}
	}
}

// readPacket reads a small packet.
func readPacket(t *testing.T, r io.Reader) Packet {
	raw := make([]byte, 1, 128)
	if _, err := io.ReadFull(r, raw); err != nil {
		t.Error(err)
	}
	raw = raw[:1+raw[0]]
	if _, err := io.ReadFull(r, raw[1:]); err != nil {
		t.Error(err)
	}
	p, _, err := Scan(raw)
	if err != nil {
		t.Error(err)
	}
	return p
}

// A leader who is called back in the middle of a packet has lost nothing of it.
func TestLeaderGivesUpInPacket(t *testing.T) {
	c, y := scripted(t, nil)
	p := submit(t, c, Request{})
	ctx, cancel := context.WithCancel(context.Background())
	waited := make(chan error)
	go func() {
		_, err := p.Wait(ctx)
		waited <- err
	}()
	leads(t, p)
	reply := Packet{Tag: p.Tag(), Flags: okFlag, Payload: []byte("whole")}
	raw, _ := reply.AppendFrame(nil)
	y.Write(raw[:3])
	cancel()
	if err := <-waited; err != context.Canceled {
		t.Error(err)
	}
	y.Write(raw[3:])
	if r, err := p.Wait(within(t)); err != nil || string(r.Payload) != "whole" {
		t.Error(r, err)
	}
}

// What else than answers comes to a leader is dealt with as ever.
func TestLeaderMeets(t *testing.T) {
	for name, m := range map[string]struct {
		sends string
		want  error
	}{
		"EOF":           {goodbye, ErrPeerEnded},
		"broken packet": {"0105", frame.ErrSyntax},
		"cut packet":    {"6402", io.ErrUnexpectedEOF},
		"the end":       {"", ErrPeerEnded},
	} {
		t.Run(name, func(t *testing.T) {
			c, y := scripted(t, nil)
			p := submit(t, c, Request{})
			go func() {
				leads(t, p)
				y.Write(unhex(t, m.sends))
				y.(*net.TCPConn).CloseWrite()
			}()
			if _, err := p.Wait(within(t)); !errors.Is(err, m.want) {
				t.Errorf("%v, want %v", err, m.want)
			}
			wait(t, c.Done())
		})
	}
	c, y := scripted(t, &Options{Handler: echo})
	p := submit(t, c, Request{})
	go func() {
		leads(t, p)
		y.Write(unhex(t, "0409020178")) // a request, and no answer before its own
		readPacket(t, y)                // ours
		if answer := readPacket(t, y); answer.Tag != 9 || !answer.OK() || string(answer.Payload) != "x" {
			t.Error(answer)
		}
		reply := Packet{Tag: p.Tag(), Flags: okFlag}
		raw, _ := reply.AppendFrame(nil)
		y.Write(raw)
	}()
	if _, err := p.Wait(within(t)); err != nil {
		t.Error(err)
	}
}

// Where reads cannot be called back, the Conn reads itself, and answers where it has
// read.
func TestStreakWithoutDeadlines(t *testing.T) {
	x, y := bytepipe.Pair(1 << 16)
	release := make(chan struct{})
	slow, started := blocking(release)
	c, d := New(x, nil), New(y, &Options{Handler: slow})
	for range 10 * streakLong {
		if _, err := c.Call(within(t), Request{}); err != nil {
			t.Fatal(err)
		}
		c.mu.Lock()
		if !c.taken {
			t.Error("nobody reads")
		}
		c.mu.Unlock()
	}
	p := submit(t, c, Request{Type: 1})
	wait1(t, started)
	if _, err := c.Call(within(t), Request{}); err != nil {
		t.Error(err)
	}
	close(release)
	if _, err := p.Wait(within(t)); err != nil {
		t.Error(err)
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	wait(t, d.Done())
	c.Close()
	d.Close()
}

func TestStreakOnDemand(t *testing.T) {
	x, y := tcpPair(t)
	c := OnDemand(func(context.Context) (io.Reader, io.Writer, func() error, error) { return x, x, nil, nil }, nil)
	d := New(y, &Options{Handler: echo})
	streak(t, c, d)
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	c.Close()
	wait(t, d.Done())
	d.Close()
}

// Whatever both sides do in whatever order and at whatever pace, each call ends as it
// should.
func TestTurnAtRandom(t *testing.T) {
	handler := func(ctx context.Context, r Request) (Reply, error) {
		switch r.Type {
		case 1:
			time.Sleep(2 * tick)
		case 2:
			return FromContext(ctx).Call(ctx, Request{Payload: r.Payload})
		}
		return echo(ctx, r)
	}
	c, d := pair(t, &Options{Handler: handler}, &Options{Handler: handler, Workers: 3})
	var callers sync.WaitGroup
	for i, conn := range []*Conn{c, d, c} {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range 300 {
				r := Request{Type: uint64(random.IntN(3)), Payload: []byte{byte(i)}}
				switch random.IntN(5) {
				case 0: // a streak
					for range 2 * streakLong {
						if _, err := conn.Call(context.Background(), Request{}); err != nil {
							t.Error(err)
						}
					}
				case 1: // one that may give up
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(int(tick))))
					if _, err := conn.Call(ctx, r); err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					cancel()
				case 2:
					time.Sleep(time.Duration(random.IntN(int(4 * tick))))
				default:
					reply, err := conn.Call(within(t), r)
					if err != nil || reply.Payload[0] != byte(i) {
						t.Error(reply, err)
					}
				}
			}
		})
	}
	callers.Wait()
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	wait(t, d.Done())
}
