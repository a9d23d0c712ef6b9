package fastdaemon

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
)

const patience = 10 * time.Second // how long a test waits for what should happen at once

// join answers as the command of the recordings did.
func join(_ context.Context, r Request) (Reply, error) {
	argc := "argc=0"
	if n := len(r.Args); n > 0 {
		argc = "argc=" + string(rune('1'+n))
	}
	return Reply{Stdout: []byte(string(r.Stdin) + "|" + strings.Join(r.Args, ",")), Stderr: []byte(argc)}, nil
}

// serve runs s on a new listener until the test ends, and returns its address.
func serve(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	until(t, func(ctx context.Context) error { return s.Serve(ctx, l) })
	return l.Addr().String()
}

// until runs f until the test ends, and fails unless it then does, for that reason.
func until(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("it goes on after its context ended")
		}
	})
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn)
}

func TestTransfer(t *testing.T) {
	address := serve(t, &Server{Handler: join})
	large := strings.Repeat("žluťoučký ", 100_000)
	for _, c := range []struct {
		stdin string
		args  []string
		want  Reply
	}{
		{"", nil, Reply{[]byte("|"), []byte("argc=0")}},
		{"", []string{""}, Reply{[]byte("|"), []byte("argc=0")}},
		{"hello\n", []string{"alpha", "beta"}, Reply{[]byte("hello\n|alpha,beta"), []byte("argc=3")}},
		{"\x00\xff", []string{"a b", "", "c"}, Reply{[]byte("\x00\xff|a,b,,c"), []byte("argc=5")}},
		{large, nil, Reply{[]byte(large + "|"), []byte("argc=0")}},
	} {
		got, err := Transfer(t.Context(), address, []byte(c.stdin), c.args)
		if err != nil || !bytes.Equal(got.Stdout, c.want.Stdout) || !bytes.Equal(got.Stderr, c.want.Stderr) {
			t.Errorf("%.20q, %q: %.40q, %v", c.stdin, c.args, got, err)
		}
	}
}

func TestUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func(ctx context.Context) error { return Serve(ctx, l, join) })
	if got, err := Transfer(t.Context(), "unix:"+path, []byte("x"), nil); err != nil || string(got.Stdout) != "x|" {
		t.Errorf("%q, %v", got, err)
	}
}

// Whatever a handler does, the client gets a reply and the server goes on.
func TestFailingHandler(t *testing.T) {
	var log bytes.Buffer
	s := &Server{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Handler: func(_ context.Context, r Request) (Reply, error) {
			if len(r.Args) > 0 {
				panic("boom")
			}
			return Reply{Stdout: []byte("lost")}, errors.New("bang")
		},
	}
	address := serve(t, s)
	for _, args := range [][]string{nil, {"panic"}} {
		if got, err := Transfer(t.Context(), address, nil, args); err != nil || len(got.Stdout)+len(got.Stderr) != 0 {
			t.Errorf("%q, %v", got, err)
		}
	}
	if !strings.Contains(log.String(), "bang") || !strings.Contains(log.String(), "boom") {
		t.Errorf("the log has %q", &log)
	}
}

// No more handlers run than there are workers, and idle clients hold none.
func TestWorkers(t *testing.T) {
	var running, most atomic.Int32
	release := make(chan struct{})
	address := serve(t, &Server{Workers: 2, Handler: func(context.Context, Request) (Reply, error) {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-release
		return Reply{}, nil
	}})
	for range 4 {
		dial(t, address)
	}
	var calls sync.WaitGroup
	for range 6 {
		calls.Go(func() {
			if _, err := Transfer(t.Context(), address, nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	for deadline := time.Now().Add(patience); running.Load() < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no two handlers run")
		}
	}
	close(release)
	calls.Wait()
	if most.Load() > 2 {
		t.Errorf("%d handlers ran at once", most.Load())
	}
}

// A request that is broken or does not come ends its connection and nothing else.
func TestBadRequests(t *testing.T) {
	address := serve(t, &Server{Handler: join, MaxRecord: 1 << 20, Timeout: 50 * time.Millisecond})
	for _, request := range []string{
		"\xff\xff\xff\xff",
		"\x61\x00\x00\x00abc",
		"\x00\x10\x00\x01",
		"\x00\x00\x00\x02ab\x7f\xff\xff\xff",
		"\x00\x00\x00\x02a",
		"",
	} {
		conn := dial(t, address)
		io.WriteString(conn, request)
		if got, err := io.ReadAll(conn); len(got) > 0 || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q: %q, %v", request, got, err)
		}
	}
	if _, err := Transfer(t.Context(), address, nil, nil); err != nil {
		t.Error(err)
	}
}

// A client may end its side before the reply, and send more than was asked for.
func TestLooseClient(t *testing.T) {
	address := serve(t, &Server{Handler: join})
	for _, extra := range []string{"", strings.Repeat("x", 100_000)} {
		conn := dial(t, address)
		io.WriteString(conn, "\x00\x00\x00\x01a\x00\x00\x00\x00"+extra)
		conn.CloseWrite()
		if got, err := io.ReadAll(conn); string(got) != "\x00\x00\x00\x02a|\x00\x00\x00\x06argc=0" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// reply runs a server that answers every connection with these bytes.
func reply(t *testing.T, raw string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			receive(conn, false, 1<<20)
			io.WriteString(conn, raw)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

func TestBadReplies(t *testing.T) {
	for raw, want := range map[string]error{
		"":                          ErrNoReply,
		"\x00":                      io.ErrUnexpectedEOF,
		"\x00\x00\x00\x02a":         io.ErrUnexpectedEOF,
		"\x00\x00\x00\x01a\x00\x00": io.ErrUnexpectedEOF,
		"\x00\x00\x00\x01\xc3\xa9\x00\x00\x00\x00": frame.ErrTooLarge, // a length that counts characters
	} {
		if got, err := Transfer(t.Context(), reply(t, raw), nil, nil); !errors.Is(err, want) {
			t.Errorf("%q: %q, %v; want %v", raw, got, err, want)
		}
	}
}

func TestChars(t *testing.T) {
	c := &Client{Chars: true}
	got, err := c.Transfer(t.Context(), reply(t, "\x00\x00\x00\x02éa\x00\x00\x00\x01🙂"), nil, nil)
	if err != nil || string(got.Stdout) != "éa" || string(got.Stderr) != "🙂" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTransferEndsWithItsContext(t *testing.T) {
	hung := make(chan struct{})
	address := serve(t, &Server{Handler: func(ctx context.Context, _ Request) (Reply, error) {
		close(hung)
		<-ctx.Done()
		return Reply{}, ctx.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-hung
		cancel()
	}()
	if _, err := Transfer(ctx, address, nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestDatagrams(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")} {
		pc, err := ListenPacket(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		s := &Server{Handler: func(ctx context.Context, r Request) (Reply, error) {
			if slices.Contains(r.Args, "large") {
				return Reply{Stdout: make([]byte, 1<<20)}, nil
			}
			return join(ctx, r)
		}}
		until(t, func(ctx context.Context) error { return s.ServePacket(ctx, pc) })
		if pc.LocalAddr().Network() == "udp" {
			address = pc.LocalAddr().String()
			conn, err := net.Dial("udp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, "\xff\xff\xff\xff")                     // ignored
			io.WriteString(conn, "\x00\x00\x00\x00\x00\x00\x00\x00more") // too
		}
		c := &Client{Dgram: true}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if got, err := c.Transfer(ctx, address, []byte("hi"), []string{"a", "b"}); err != nil || string(got.Stdout) != "hi|a,b" {
			t.Errorf("%s: %q, %v", address, got, err)
		}
		if got, err := c.Transfer(ctx, address, nil, []string{"large"}); err != nil || !strings.Contains(string(got.Stderr), "does not go into a datagram") {
			t.Errorf("%s: %.40q, %v", address, got, err)
		}
	}
}

// A server that was killed leaves its file, which is no reason not to start.
func TestDatagramsBehindKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	killed, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	killed.Close()
	pc, err := ListenPacket(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	pc.Close()
}

func TestCommand(t *testing.T) {
	h := Command("sh", "-c", `cat; printf '[%s]' "$@"; echo oops >&2; exit 3`, "sh")
	got, err := h(t.Context(), Request{Stdin: []byte("in "), Args: []string{"a", "$HOME", ""}})
	if err != nil || string(got.Stdout) != "in [a][$HOME][]" || string(got.Stderr) != "oops\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Command("/no/such/program")(t.Context(), Request{}); err != nil || !strings.Contains(string(got.Stderr), "no such file") {
		t.Errorf("%q, %v", got, err)
	}
	got, err = Command("sh", "-c", "exec cat /dev/zero")(t.Context(), Request{})
	if err != nil || len(got.Stdout) != maxOutput || !strings.Contains(string(got.Stderr), "was ended") {
		t.Errorf("%d bytes, %q, %v", len(got.Stdout), got.Stderr, err)
	}
}

// What one side writes the other reads, and any bytes are read or refused.
func FuzzRecord(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x06hello\n\x00\x00\x00\x0aalpha beta"), false)
	f.Add([]byte("\x00\x00\x00\x02éa\x00\x00\x00\x00"), true)
	f.Add([]byte("\xff\xff\xff\xff"), true)
	f.Fuzz(func(t *testing.T, in []byte, chars bool) {
		first, second, err := receive(bytes.NewReader(in), chars, 1<<20)
		if err != nil {
			return
		}
		if got := 2*prefix + len(first) + len(second); got > len(in) {
			t.Fatalf("%d bytes of a record in %d bytes", got, len(in))
		}
		again, err := appendRecord(nil, first, second)
		if err != nil {
			t.Fatal(err)
		}
		if !chars && !bytes.HasPrefix(in, again) {
			t.Fatalf("%q became %q", in, again)
		}
		a, b, err := receiveDatagram(again, false)
		if err != nil || !bytes.Equal(a, first) || !bytes.Equal(b, second) {
			t.Fatalf("%q, %q, %v", a, b, err)
		}
	})
}

func BenchmarkTransfer(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Serve(ctx, l, join)
	}()
	for b.Loop() {
		if _, err := Transfer(ctx, l.Addr().String(), []byte("hello"), nil); err != nil {
			b.Fatal(err)
		}
	}
	cancel()
	<-done
}
