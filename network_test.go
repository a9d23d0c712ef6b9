package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel/internal/socket"
)

// serve runs Listen with an echo of every message and returns the address, and a
// function that ends it.
func serve(t *testing.T, address string, o Options) (string, func()) {
	ctx, cancel := context.WithCancel(t.Context())
	listening := make(chan net.Addr, 1)
	o.OnListen = func(a net.Addr) { listening <- a }
	var served sync.WaitGroup
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ch, err := range Listen(ctx, address, &o) {
			if err != nil {
				t.Error(err)
				continue
			}
			served.Go(func() {
				defer ch.Close()
				for msg, err := range ch.Messages() {
					if err != nil || ch.Send(msg) != nil {
						return
					}
				}
			})
		}
	}()
	stop := func() { cancel(); <-ended; served.Wait() }
	t.Cleanup(stop)
	a, err := socket.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case real := <-listening:
		return socket.Of(a.Scheme, real), stop
	case <-ended:
		t.Fatal("Listen ended")
		return "", nil
	}
}

func roundTrip(t *testing.T, address string, o *Options) {
	t.Helper()
	ch, err := Dial(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	if err := ch.Send([]byte("Hello World")); err != nil {
		t.Fatal(err)
	}
	if msg, err := ch.Recv(); string(msg) != "Hello World" || err != nil {
		t.Fatalf("%q, %v", msg, err)
	}
	if err := ch.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Recv(); err != io.EOF {
		t.Errorf("after the half-close: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	certificate, err := socket.SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	with := Options{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots}}
	for address, o := range map[string]Options{
		"127.0.0.1:0":       {},
		"tcp://localhost:0": {},
		"0":                 {},
		"unix:" + filepath.Join(t.TempDir(), "s"): {},
		"tls://127.0.0.1:0":                       with,
	} {
		t.Run(address, func(t *testing.T) {
			real, _ := serve(t, address, o)
			roundTrip(t, real, &o)
		})
	}
}

// Leaving the loop frees the port; ending the context does too, and neither
// touches the channels that were yielded.
func TestListenEnds(t *testing.T) {
	for _, byContext := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		address := make(chan string, 1)
		accepted := make(chan *Channel, 1)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for ch, err := range Listen(ctx, "127.0.0.1:0", &Options{OnListen: func(a net.Addr) { address <- a.String() }}) {
				if err != nil {
					t.Error(err)
				}
				accepted <- ch
				if !byContext {
					break
				}
			}
		}()
		where := <-address
		client, err := Dial(t.Context(), where, nil)
		if err != nil {
			t.Fatal(err)
		}
		server := <-accepted
		cancel()
		<-ended
		l, err := net.Listen("tcp", where)
		if err != nil {
			t.Errorf("the port is not free: %v", err)
		} else {
			l.Close()
		}
		if err := client.Send([]byte("hi")); err != nil {
			t.Error(err)
		}
		if msg, err := server.Recv(); string(msg) != "hi" || err != nil {
			t.Errorf("%q, %v", msg, err)
		}
		if client.RemoteAddr().String() != where || server.LocalAddr().String() != where {
			t.Errorf("addresses %v and %v", client.RemoteAddr(), server.LocalAddr())
		}
		client.Close()
		server.Close()
	}
}

func TestListenBusyPort(t *testing.T) {
	address, _ := serve(t, "127.0.0.1:0", Options{})
	n := 0
	for ch, err := range Listen(t.Context(), address, nil) {
		n++
		var e *socket.Error
		if ch != nil || !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("%v, %v", ch, err)
		}
	}
	if n != 1 {
		t.Errorf("%d pairs", n)
	}
}

func TestReusePort(t *testing.T) {
	address, _ := serve(t, "127.0.0.1:0", Options{ReusePort: true})
	serve(t, address, Options{ReusePort: true})
	roundTrip(t, address, nil)
}

// Connect dials anew each time the loop comes round, and goes on while nothing
// listens.
func TestConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var stop func()
	var failed, connected int
	for ch, err := range Connect(t.Context(), address, nil) {
		if err != nil {
			if failed++; failed == 1 {
				_, stop = serve(t, address, Options{})
			}
			continue
		}
		connected++
		if err := ch.Send([]byte("hi")); err != nil {
			t.Error(err)
		}
		if msg, err := ch.Recv(); string(msg) != "hi" || err != nil {
			t.Errorf("%q, %v", msg, err)
		}
		ch.Close()
		if connected == 2 {
			break
		}
	}
	if failed != 1 || connected != 2 {
		t.Errorf("%d dials failed, %d succeeded", failed, connected)
	}
	stop()
}

func TestConnectEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address, _ := serve(t, "127.0.0.1:0", Options{})
	after := 0
	for ch, err := range Connect(ctx, address, nil) {
		if ctx.Err() != nil {
			after++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		ch.Close()
		cancel()
	}
	if after > 1 {
		t.Errorf("%d pairs after the end of the context", after)
	}
}

func TestBadAddress(t *testing.T) {
	for _, address := range []string{"", "host", "http://x", "127.0.0.1:99999"} {
		if _, err := Dial(t.Context(), address, nil); err == nil {
			t.Errorf("Dial(%q) succeeds", address)
		}
		for _, err := range Connect(t.Context(), address, nil) {
			var e *socket.AddressError
			if !errors.As(err, &e) {
				t.Errorf("Connect(%q): %v", address, err)
			}
		}
		for _, err := range Listen(t.Context(), address, nil) {
			if err == nil {
				t.Errorf("Listen(%q) succeeds", address)
			}
		}
	}
}

func TestDialTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never answers the handshake
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Dial(t.Context(), "tls://"+l.Addr().String(), &Options{DialTimeout: 50 * time.Millisecond})
	var e *socket.Error
	if !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("got %v", err)
	}
}
