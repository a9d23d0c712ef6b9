package endpoint

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/internal/socket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

func dial(t *testing.T, address string, o *Options) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func listen(t *testing.T, address string, o *Options) Listener {
	t.Helper()
	l, err := Listen(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// within fails the test if f does not return in time.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		buf := make([]byte, 1<<16)
		t.Fatalf("%s hangs\n%s", what, buf[:runtime.Stack(buf, true)])
	}
}

// Whatever the transport, both directions carry bytes, and a half-close ends one
// and leaves the other.
func TestStreams(t *testing.T) {
	insecure := &Options{TLS: &tls.Config{InsecureSkipVerify: true}}
	dir := t.TempDir()
	for _, c := range []struct {
		listen, dial string // dial "" means the listener's address
		o            *Options
	}{
		{"127.0.0.1:0", "", nil},
		{"tcp://127.0.0.1:0", "", nil},
		{"0", "", nil},
		{"tls://127.0.0.1:0", "", insecure},
		{"unix:" + dir + "/s", "", nil},
		{"fifo:" + dir + "/a," + dir + "/b", "fifo:" + dir + "/b," + dir + "/a", nil},
	} {
		t.Run(c.listen, func(t *testing.T) {
			l := listen(t, c.listen, nil)
			served := make(chan error, 1)
			go func() {
				far, err := l.Accept()
				if err != nil {
					served <- err
					return
				}
				defer far.Close()
				got, err := io.ReadAll(far.Stream)
				if err == nil {
					_, err = far.Stream.Write(bytes.ToUpper(got))
				}
				served <- err
			}()
			address := c.dial
			if address == "" {
				address = l.Addr()
			}
			within(t, "the exchange", func() {
				near := dial(t, address, c.o)
				if near.Messages != nil || near.Remote == "" {
					t.Errorf("got %+v", near)
				}
				io.WriteString(near.Stream, "hello")
				if err := near.CloseWrite(); err != nil {
					t.Error(err)
				}
				got, err := io.ReadAll(near.Stream)
				if string(got) != "HELLO" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
				if err := <-served; err != nil {
					t.Error(err)
				}
				if err := near.Wait(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWebSocket(t *testing.T) {
	for scheme, o := range map[string]*Options{"ws": nil, "wss": {TLS: &tls.Config{InsecureSkipVerify: true}}} {
		l := listen(t, scheme+"://127.0.0.1:0/", nil)
		if !strings.HasPrefix(l.Addr(), scheme+"://127.0.0.1:") || l.Port() == 0 || (l.Fingerprint() != "") != (scheme == "wss") {
			t.Errorf("%s listens on %s, port %d, certificate %q", scheme, l.Addr(), l.Port(), l.Fingerprint())
		}
		go func() {
			far, err := l.Accept()
			if err != nil {
				return
			}
			defer far.Close()
			msg, _ := far.Messages.Recv()
			far.Messages.Send(bytes.ToUpper(msg))
			far.Messages.Recv()
		}()
		near := dial(t, l.Addr(), o)
		if near.Stream != nil || near.Remote != strings.TrimSuffix(strings.TrimPrefix(l.Addr(), scheme+"://"), "/") {
			t.Errorf("got %+v", near)
		}
		if err := near.Messages.Send([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := near.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CloseWrite: %v, want ErrUnsupported", err)
		}
		if got, err := near.Messages.Recv(); string(got) != "HELLO" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		near.Close()
	}
}

func TestNames(t *testing.T) {
	l := listen(t, "0", nil)
	want := fmt.Sprintf("127.0.0.1:%d", l.Port())
	if l.Addr() != "tcp://"+want {
		t.Errorf("address %s, port %d", l.Addr(), l.Port())
	}
	if c := dial(t, l.Addr(), nil); c.Remote != want || !strings.HasPrefix(c.Local, "127.0.0.1:") {
		t.Errorf("local %q, remote %q", c.Local, c.Remote)
	}

	path := filepath.Join(t.TempDir(), "s")
	u := listen(t, "unix:"+path, nil)
	near := dial(t, u.Addr(), nil)
	far, err := u.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if near.Local != "" || near.Remote != path || far.Local != path || far.Remote != "" || u.Port() != 0 {
		t.Errorf("client %q to %q, server %q to %q", near.Local, near.Remote, far.Local, far.Remote)
	}
}

func TestBadAddresses(t *testing.T) {
	for _, address := range []string{
		"", "host", "sctp://127.0.0.1:1", "ftp://x", "unix:", "exec:", "exec:  ", "exec:''", "exec:a 'b", `exec:a \`,
		"fifo:", "fifo:a,", "fifo:,b", "fifo:a,b,c", "fifo:a,a", "echo:x", "stdio:x", "ws://host:port/", "tls://host",
	} {
		var usage *socket.AddressError
		if _, err := Dial(t.Context(), address, nil); !errors.As(err, &usage) || usage.Address != address {
			t.Errorf("Dial(%q): %v, want an AddressError", address, err)
		}
		if _, err := Listen(t.Context(), address, nil); !errors.As(err, &usage) {
			t.Errorf("Listen(%q): %v, want an AddressError", address, err)
		}
	}
	for _, address := range []string{"echo:", "exec:cat"} {
		var usage *socket.AddressError
		if _, err := Listen(t.Context(), address, nil); !errors.As(err, &usage) || !strings.Contains(err.Error(), "only connected to") {
			t.Errorf("Listen(%q): %v, want an AddressError", address, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	l := listen(t, "127.0.0.1:0", nil)
	l.Close()
	busy := listen(t, "127.0.0.1:0", nil)
	for _, address := range []string{
		l.Addr(), strings.Replace(l.Addr(), "tcp", "tls", 1), strings.Replace(l.Addr(), "tcp", "ws", 1),
		"unix:/nonexistent/s", "fifo:/nonexistent/f", "exec:/nonexistent/program", "exec:no-such-program-here",
	} {
		var e *socket.Error
		if _, err := Dial(t.Context(), address, nil); !errors.As(err, &e) || e.Op != "dial" || e.Hint == "" && !strings.HasPrefix(address, "exec:/") {
			t.Errorf("Dial(%q): %v, want a socket.Error with a hint", address, err)
		}
	}
	for _, address := range []string{busy.Addr(), strings.Replace(busy.Addr(), "tcp", "wss", 1), "unix:/nonexistent/s", "fifo:/nonexistent/f"} {
		var e *socket.Error
		if _, err := Listen(t.Context(), address, nil); !errors.As(err, &e) || e.Op != "listen" || e.Hint == "" {
			t.Errorf("Listen(%q): %v, want a socket.Error with a hint", address, err)
		}
	}
}

func TestContext(t *testing.T) {
	dir := t.TempDir()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, address := range []string{"127.0.0.1:1", "tls://127.0.0.1:1", "unix:/s", "ws://127.0.0.1:1/", "exec:cat", "echo:", "fifo:/f"} {
		if _, err := Dial(gone, address, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("Dial(%q): %v, want canceled", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "tls://127.0.0.1:0", "unix:" + dir + "/s", "ws://127.0.0.1:0/", "fifo:" + dir + "/f", "fifo:" + dir + "/a," + dir + "/b"} {
		for _, how := range []string{"cancel", "close"} {
			ctx, cancel := context.WithCancel(t.Context())
			l, err := Listen(ctx, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := make(chan error, 1)
			go func() { _, err := l.Accept(); got <- err }()
			want := context.Canceled
			if how == "cancel" {
				cancel()
			} else {
				want = net.ErrClosed
				l.Close()
			}
			within(t, address+" "+how, func() {
				if err := <-got; !errors.Is(err, want) {
					t.Errorf("%s: Accept after %s: %v", address, how, err)
				}
				if _, err := l.Accept(); !errors.Is(err, want) {
					t.Errorf("%s: second Accept after %s: %v", address, how, err)
				}
			})
			cancel()
			l.Close()
		}
	}
}

func TestSelfSigned(t *testing.T) {
	l := listen(t, "tls://127.0.0.1:0", nil)
	if len(l.Fingerprint()) != 95 {
		t.Errorf("fingerprint %q", l.Fingerprint())
	}
	cert, err := socket.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	given := listen(t, "tls://127.0.0.1:0", &Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	if given.Fingerprint() != "" {
		t.Error("a certificate was made although there is one")
	}
}

func TestEcho(t *testing.T) {
	c := dial(t, "echo:", nil)
	big := bytes.Repeat([]byte("0123456789"), echoBuffer/4) // does not fit at once
	go func() {
		c.Stream.Write(big)
		c.CloseWrite()
	}()
	within(t, "echo", func() {
		if got, err := io.ReadAll(c.Stream); !bytes.Equal(got, big) || err != nil {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})
	if _, err := c.Stream.Write([]byte("x")); err == nil {
		t.Error("a write after CloseWrite succeeded")
	}
}

func TestEchoCloseInterrupts(t *testing.T) {
	c := dial(t, "echo:", nil)
	got := make(chan error, 2)
	go func() { _, err := io.Copy(c.Stream, neverEnding{}); got <- err }()
	d := dial(t, "echo:", nil)
	go func() { _, err := d.Stream.Read(make([]byte, 1)); got <- err }()
	c.Close()
	d.Close()
	for range 2 {
		if err := <-got; !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want net.ErrClosed", err)
		}
	}
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

func TestStdio(t *testing.T) {
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	var out bytes.Buffer
	o := &Options{Stdin: in, Stdout: &out}
	l := listen(t, "stdio:", o)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); err != io.EOF {
		t.Errorf("second Accept: %v, want io.EOF", err)
	}
	io.WriteString(feed, "in")
	buf := make([]byte, 2)
	if _, err := io.ReadFull(c.Stream, buf); string(buf) != "in" || err != nil {
		t.Errorf("read %q, %v", buf, err)
	}
	io.WriteString(c.Stream, "out")
	if out.String() != "out" {
		t.Errorf("wrote %q", &out)
	}
	got := make(chan error, 1)
	go func() { _, err := c.Stream.Read(buf); got <- err }()
	c.Close()
	if err := <-got; err == nil {
		t.Error("Read after Close succeeded")
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	dial(t, "-", &Options{Stdin: strings.NewReader(""), Stdout: io.Discard})
}

func TestSchemes(t *testing.T) {
	for _, s := range Schemes() {
		if s.Form == "" || s.Meaning == "" || !s.Dial && !s.Listen {
			t.Errorf("%+v", s)
		}
	}
}
