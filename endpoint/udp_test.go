package endpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/socket"
)

// One datagram is one message, the empty and the largest too, and each source
// address is a client of its own.
func TestUDP(t *testing.T) {
	l := listen(t, "udp://127.0.0.1:0", nil)
	if l.Port() == 0 || l.Addr() != fmt.Sprintf("udp://127.0.0.1:%d", l.Port()) {
		t.Errorf("%s, %d", l.Addr(), l.Port())
	}
	var served sync.WaitGroup
	defer served.Wait()
	messages := []string{"hello", "", string(bytes.Repeat([]byte("x"), socket.MaxDatagram))}
	within(t, "the exchange", func() {
		for i := range 3 {
			near := dial(t, l.Addr(), nil)
			first := fmt.Sprint("client ", i)
			if err := near.Messages.Send([]byte(first)); err != nil {
				t.Fatal(err)
			}
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			if far.Remote != near.Local || far.Framing != "udp" {
				t.Errorf("%+v from %+v", far, near)
			}
			served.Go(func() {
				defer far.Close()
				for n := 0; n < len(messages)+1; n++ {
					msg, err := far.Messages.Recv()
					if err == nil {
						err = far.Messages.Send(msg)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
			for _, want := range append([]string{first}, messages...) {
				if want != first {
					if err := near.Messages.Send([]byte(want)); err != nil {
						t.Fatal(err)
					}
				}
				got, err := near.Messages.Recv()
				if err != nil || string(got) != want {
					t.Fatalf("client %d: %.20q, %v; want %.20q", i, got, err, want)
				}
			}
		}
	})
	near := dial(t, l.Addr(), nil)
	if err := near.Messages.Send(make([]byte, socket.MaxDatagram+1)); !errors.Is(err, frame.ErrUnsendable) {
		t.Errorf("too large: %v", err)
	}
	if err := near.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("half-close: %v", err)
	}
}

// Whoever sends or receives first learns that nobody listens, and so does the other.
func TestUDPRefused(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems tell later, or not at all")
	}
	l := listen(t, "udp://127.0.0.1:0", nil)
	address := l.Addr()
	l.Close()
	within(t, "the refusal", func() {
		near := dial(t, address, nil)
		var err error
		for range 3 {
			err = errors.Join(err, near.Messages.Send([]byte("hello")))
		}
		_, receiveErr := near.Messages.Recv()
		for _, err := range []error{err, receiveErr} {
			if e, ok := errors.AsType[*socket.Error](err); !ok || e.Hint == "" {
				t.Errorf("%v", err)
			}
		}
	})
}

// A client that is silent is gone, and comes again as another.
func TestUDPIdle(t *testing.T) {
	l := listen(t, "udp://127.0.0.1:0", &Options{Idle: 50 * time.Millisecond})
	near := dial(t, l.Addr(), nil)
	within(t, "the silence", func() {
		for range 2 {
			near.Messages.Send([]byte("hello"))
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			if msg, err := far.Messages.Recv(); string(msg) != "hello" || err != nil {
				t.Errorf("%q, %v", msg, err)
			}
			if _, err := far.Messages.Recv(); err != io.EOF {
				t.Errorf("%v", err)
			}
			far.Close()
		}
	})
}

// A client lives on when the listener is closed; Close interrupts Recv and Accept.
func TestUDPClose(t *testing.T) {
	l := listen(t, "udp://127.0.0.1:0", nil)
	near := dial(t, l.Addr(), nil)
	near.Messages.Send([]byte("1"))
	within(t, "closing", func() {
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if _, err := l.Accept(); err != net.ErrClosed {
			t.Errorf("Accept: %v", err)
		}
		near.Messages.Send([]byte("2"))
		for _, want := range []string{"1", "2"} {
			if msg, err := far.Messages.Recv(); string(msg) != want || err != nil {
				t.Errorf("%q, %v, want %q", msg, err, want)
			}
		}
		for _, c := range []*Conn{far, near} {
			closing := time.AfterFunc(20*time.Millisecond, func() { c.Close() })
			defer closing.Stop()
			if _, err := c.Messages.Recv(); err != net.ErrClosed {
				t.Errorf("Recv: %v", err)
			}
			if err := c.Messages.Send(nil); err != net.ErrClosed {
				t.Errorf("Send: %v", err)
			}
		}
	})
}

// Close drops what waits, of which a Recv may take the last at the same time.
func TestUDPCloseWhileTaken(t *testing.T) {
	l := listen(t, "udp://127.0.0.1:0", nil)
	u := l.(*governedListener).Listener.(*udpListener)
	within(t, "closing", func() {
		for range 20_000 {
			source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 1)
			for range 3 {
				u.deliver(source, []byte("1"))
			}
			c, err := u.Accept()
			if err != nil {
				t.Fatal(err)
			}
			var taker, begun sync.WaitGroup
			begun.Add(1)
			taker.Go(func() {
				_, err := c.Messages.Recv()
				for begun.Done(); err == nil; {
					_, err = c.Messages.Recv()
				}
			})
			begun.Wait()
			c.Close()
			taker.Wait()
		}
	})
}

// A flood that nobody reads is dropped, not kept.
func TestUDPFlood(t *testing.T) {
	l := listen(t, "udp://127.0.0.1:0", nil)
	near := dial(t, l.Addr(), nil)
	for range 4 * udpQueue {
		near.Messages.Send(make([]byte, 1000))
	}
	within(t, "the flood", func() {
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(far.Messages.(*udpClient).queue); n > udpQueue {
			t.Errorf("%d wait", n)
		}
		far.Close()
	})
}

// A socket that fails for good ends the listener: nobody waits for what cannot come.
func TestUDPListenerFails(t *testing.T) {
	l := listen(t, "udp://127.0.0.1:0", nil)
	inner := l.(*governedListener).Listener.(*udpListener)
	inner.conn.SetReadDeadline(time.Unix(1, 0)) // from now on every read fails
	accepted := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	select {
	case err := <-accepted:
		if _, ok := errors.AsType[*socket.Error](err); !ok {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Accept waits")
	}
}
