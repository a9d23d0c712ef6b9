package socket

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const patience = 10 * time.Second // how long a test waits for what should happen at once

func parse(t *testing.T, s string) Address {
	t.Helper()
	a, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func listen(t *testing.T, s string, o *Options) net.Listener {
	t.Helper()
	l, err := Listen(t.Context(), parse(t, s), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// pair returns both ends of a connection to a new listener on address.
func pair(t *testing.T, address string, server, client *Options) (near, far net.Conn) {
	t.Helper()
	a := parse(t, address)
	l := listen(t, address, server)
	accepted := make(chan net.Conn, 1)
	go func() {
		defer close(accepted)
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.SetDeadline(time.Now().Add(patience))
		if hc, ok := c.(*serverConn); ok {
			if err := hc.handshake(); err != nil {
				t.Error(err)
			}
		}
		accepted <- c
	}()
	near, err := Dial(t.Context(), parse(t, Of(a.Scheme, l.Addr())), client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	near.SetDeadline(time.Now().Add(patience))
	far = <-accepted
	if far == nil {
		t.Fatal("nothing was accepted")
	}
	t.Cleanup(func() { far.Close() })
	return near, far
}

func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	cert, err := SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// wantError checks that err is an *Error that wraps cause (when not nil) and
// whose text has each of the words.
func wantError(t *testing.T, err error, cause error, words ...string) {
	t.Helper()
	var typed *Error
	if !errors.As(err, &typed) {
		t.Fatalf("got %v (%T), want an *Error", err, err)
	}
	if cause != nil && !errors.Is(err, cause) {
		t.Errorf("%q does not wrap %v", err, cause)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestHalfClose(t *testing.T) {
	insecure := &Options{TLS: &tls.Config{InsecureSkipVerify: true}}
	secure := &Options{TLS: selfSigned(t)}
	for name, c := range map[string]struct {
		address        string
		server, client *Options
	}{
		"tcp":          {"127.0.0.1:0", nil, nil},
		"localhost":    {"0", nil, nil},
		"tls":          {"tls://127.0.0.1:0", secure, insecure},
		"tcp with TLS": {"tcp://127.0.0.1:0", secure, insecure},
		"unix":         {"unix:" + filepath.Join(t.TempDir(), "s"), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t, c.address, c.server, c.client)
			for _, dir := range []struct{ from, to net.Conn }{{near, far}, {far, near}} {
				if _, err := dir.from.Write([]byte("hello")); err != nil {
					t.Fatal(err)
				}
				if err := dir.from.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(dir.to); string(got) != "hello" || err != nil {
					t.Fatalf("got %q, %v", got, err)
				}
			}
		})
	}
}

func TestAbstract(t *testing.T) {
	name := "unix:@chancat-test-" + filepath.Base(t.TempDir()) + t.Name()
	if runtime.GOOS != "linux" {
		_, err := Listen(t.Context(), parse(t, name), nil)
		wantError(t, err, errors.ErrUnsupported, "abstract")
		return
	}
	pair(t, name, nil, nil)
	listen(t, name+"2", nil)
	_, err := Listen(t.Context(), parse(t, name+"2"), nil)
	wantError(t, err, syscall.EADDRINUSE, "another program listens")
	_, err = Dial(t.Context(), parse(t, name+"3"), nil)
	wantError(t, err, syscall.ECONNREFUSED, "nothing listens on that name")
}

func TestListenAddresses(t *testing.T) {
	for in, prefix := range map[string]string{
		"localhost:0": "tcp://127.0.0.1:",
		"0":           "tcp://127.0.0.1:",
		"0.0.0.0:0":   "tcp://0.0.0.0:",
	} {
		if got := Of("tcp", listen(t, in, nil).Addr()); !strings.HasPrefix(got, prefix) {
			t.Errorf("listening on %q reports %s, want %s", in, got, prefix)
		}
	}
}

func TestDialLocalhostTriesIPv6(t *testing.T) {
	for range 3 { // somebody may happen to listen at that port of 127.0.0.1
		l, err := Listen(t.Context(), parse(t, "[::1]:0"), nil)
		if err != nil {
			t.Skip("no IPv6 here: ", err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		c, err := Dial(t.Context(), parse(t, port), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		four, err := Dial(t.Context(), parse(t, port), &Options{Family: 4})
		if err != nil {
			return
		}
		four.Close()
	}
	t.Error("family 4 was connected by IPv6")
}

func TestLocalAddr(t *testing.T) {
	l := listen(t, "127.0.0.1:0", nil)
	c, err := Dial(t.Context(), parse(t, l.Addr().String()), &Options{LocalAddr: "127.0.0.2"})
	if runtime.GOOS != "linux" && err != nil {
		t.Skip("127.0.0.2 is not an address here")
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if host, _, _ := net.SplitHostPort(c.LocalAddr().String()); host != "127.0.0.2" {
		t.Errorf("connected from %s", host)
	}
	for _, bad := range []string{"localhost", "127.0.0.1:x", "1.2.3"} {
		var usage *AddressError
		if _, err := Dial(t.Context(), parse(t, l.Addr().String()), &Options{LocalAddr: bad}); !errors.As(err, &usage) {
			t.Errorf("local address %q: got %v, want an AddressError", bad, err)
		}
	}
}

func TestRefused(t *testing.T) {
	l := listen(t, "127.0.0.1:0", nil)
	addr := l.Addr().String()
	l.Close()
	_, err := Dial(t.Context(), parse(t, addr), nil)
	wantError(t, err, syscall.ECONNREFUSED, "dial tcp://"+addr, "connection refused", "nothing listens there")
}

func TestUnknownHost(t *testing.T) {
	real := net.DefaultResolver
	defer func() { net.DefaultResolver = real }()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no network in tests")
	}}
	_, err := Dial(t.Context(), parse(t, "no-such-host.invalid:5000"), nil)
	wantError(t, err, nil, "no-such-host.invalid:5000", "name server")

	text := explain("dial", parse(t, "nohost:1"), &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nohost", IsNotFound: true}})
	wantError(t, text, nil, "dial tcp://nohost:1: no such host: check the spelling")
}

func TestBusyPort(t *testing.T) {
	l := listen(t, "127.0.0.1:0", nil)
	addr := l.Addr().String()
	_, err := Listen(t.Context(), parse(t, addr), nil)
	wantError(t, err, syscall.EADDRINUSE, "listen tcp://"+addr, "another program listens on "+addr)

	_, port, _ := net.SplitHostPort(addr)
	if l, err := Listen(t.Context(), parse(t, port), nil); err == nil {
		t.Errorf("a busy port was evaded to %v", l.Addr())
		l.Close()
	}
}

func TestReusePort(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not on Windows")
	}
	o := &Options{ReusePort: true}
	l := listen(t, "127.0.0.1:0", o)
	listen(t, l.Addr().String(), o)
	if _, err := Listen(t.Context(), parse(t, l.Addr().String()), nil); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a listener that does not ask to share: got %v", err)
	}
}

func TestHints(t *testing.T) {
	tcp, unix := parse(t, "192.0.2.1:80"), parse(t, "unix:/s")
	for _, c := range []struct {
		op   string
		a    Address
		err  error
		want string
	}{
		{"listen", tcp, syscall.EACCES, "below 1024"},
		{"listen", parse(t, "127.0.0.1:8080"), syscall.EACCES, ""},
		{"listen", tcp, errAddrNotAvail, "no interface of this machine"},
		{"dial", tcp, errNetUnreach, "no route"},
		{"dial", tcp, os.ErrDeadlineExceeded, "no answer in time"},
		{"dial", unix, syscall.EACCES, "permissions"},
		{"dial", unix, syscall.ENOENT, "no such file"},
		{"listen", unix, syscall.ENOENT, "no such directory"},
		{"dial", parse(t, "unix:/"+strings.Repeat("x", 200)), syscall.EINVAL, "201 bytes"},
		{"dial", tcp, context.Canceled, ""},
	} {
		got := hint(c.op, c.a, &net.OpError{Op: c.op, Err: os.NewSyscallError("connect", c.err)})
		if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s %s: %v: hint %q, want %q", c.op, c.a, c.err, got, c.want)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Dial(ctx, parse(t, "127.0.0.1:1"), nil)
	wantError(t, err, context.Canceled)
}

func TestUnixFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	a := parse(t, "unix:"+path)

	l := listen(t, a.String(), nil)
	if st, err := os.Lstat(path); err != nil || st.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("socket file: %v, %v", st.Mode(), err)
	}
	l.Close()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close the file is still there: %v", err)
	}
	_, err := Dial(t.Context(), a, nil)
	wantError(t, err, os.ErrNotExist, "dial unix:"+path, "no such file")
}

func TestUnixStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	a := parse(t, "unix:"+path)
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false) // as if killed
	old.Close()
	_, err = Dial(t.Context(), a, nil)
	wantError(t, err, syscall.ECONNREFUSED, "left behind")

	l := listen(t, a.String(), nil)
	c, err := Dial(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	l.Close()
}

// A live listener keeps its socket, and does not even see a connection.
func TestUnixLive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := listen(t, "unix:"+path, nil)
	_, err := Listen(t.Context(), parse(t, "unix:"+path), nil)
	wantError(t, err, syscall.EADDRINUSE, "another program listens on "+path)

	c, err := Dial(t.Context(), parse(t, "unix:"+path), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte("first"))
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	buf := make([]byte, 5)
	if _, err := io.ReadFull(far, buf); string(buf) != "first" {
		t.Errorf("the first connection says %q, %v: it came from the other listener", buf, err)
	}
}

func TestUnixFileInTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Listen(t.Context(), parse(t, "unix:"+path), nil)
	wantError(t, err, nil, "not a socket is in the way")
	if b, err := os.ReadFile(path); string(b) != "data" {
		t.Errorf("the file was harmed: %q, %v", b, err)
	}
}

// Close must not remove the socket of a listener that took its place.
func TestUnixCloseSparesSuccessor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first := listen(t, "unix:"+path, nil)
	os.Remove(path)
	listen(t, "unix:"+path, nil)
	first.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// A datagram socket treats its file as a listener does.
func TestUnixgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no Unix datagram sockets")
	}
	path := filepath.Join(t.TempDir(), "s")
	a := parse(t, "unix:"+path)
	old, err := net.ListenPacket("unixgram", path) // Close leaves the file, as if killed
	if err != nil {
		t.Fatal(err)
	}
	_, err = ListenUnixgram(t.Context(), a)
	wantError(t, err, syscall.EADDRINUSE, "listen unix:"+path, "another program listens on "+path)
	old.Close()

	c, err := ListenUnixgram(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("socket file: %v, %v", st.Mode(), err)
	}
	near, err := net.Dial("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	near.Write([]byte("hi"))
	buf := make([]byte, 9)
	if n, _, err := c.ReadFrom(buf); string(buf[:n]) != "hi" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	c.Close()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close the file is still there: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = ListenUnixgram(t.Context(), a)
	wantError(t, err, nil, "not a socket is in the way")
}
