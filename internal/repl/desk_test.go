package repl

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
)

const atMost = 10 * time.Second

// keypress is what the fake Editor's ReadLine returns.
type keypress struct {
	line string
	err  error
}

// A desk is a session with a test in the person's place, and its fake Editor.
type desk struct {
	t       *testing.T
	s       *Session
	keys    chan keypress
	closed  chan struct{}
	closing sync.Once
	over    chan error
	width   atomic.Int32 // of the terminal; 0 for none

	mu       sync.Mutex // guards the rest
	screen   strings.Builder
	prompt   string
	complete Completer
	lent     int

	remembered []string
}

func (d *desk) ReadLine() (string, error) {
	select {
	case k := <-d.keys:
		return k.line, k.err
	case <-d.closed:
		return "", io.EOF
	}
}

func (d *desk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.Write(p)
}

func (d *desk) Say(p []byte) { d.Write(p) }

func (d *desk) Remember(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remembered = append(d.remembered, text)
}

func (d *desk) SetPrompt(p string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prompt = p
}

func (d *desk) Width() int { return int(d.width.Load()) }

func (d *desk) SetCompleter(c Completer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.complete = c
}

func (d *desk) Lend(run func() error) error {
	d.mu.Lock()
	d.lent++
	d.mu.Unlock()
	return run()
}

func (d *desk) Close() error {
	d.closing.Do(func() { close(d.closed) })
	return nil
}

// sit starts a session in this framing; change may change the options.
func sit(t *testing.T, spelling string, change func(*Options)) *desk {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, keys: make(chan keypress), closed: make(chan struct{}), over: make(chan error, 1)}
	o := Options{
		Editor: d, Framing: f, Program: "test", Getenv: func(string) string { return "" },
		Dial: func(ctx context.Context, address string, max int) (*endpoint.Conn, error) {
			return endpoint.Dial(ctx, address, &endpoint.Options{Max: max})
		},
		Listen: func(ctx context.Context, address string, max int) (endpoint.Listener, error) {
			return endpoint.Listen(ctx, address, &endpoint.Options{Max: max})
		},
	}
	if change != nil {
		change(&o)
	}
	if d.s, err = New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	go func() { d.over <- d.s.Run() }()
	t.Cleanup(func() {
		d.s.end(errQuit)
		select {
		case <-d.closed:
		case <-time.After(atMost):
			t.Error("the session does not end")
		}
	})
	return d
}

func (d *desk) press(k keypress) {
	d.t.Helper()
	select {
	case d.keys <- k:
	case <-d.closed:
		d.t.Fatalf("%+v is typed after the end", k)
	case <-time.After(atMost):
		d.t.Fatalf("nobody reads %+v", k)
	}
}

func (d *desk) types(lines ...string) {
	d.t.Helper()
	for _, line := range lines {
		d.press(keypress{line: line})
	}
}

func (d *desk) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.String()
}

func (d *desk) until(what string, is func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(atMost); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("%s; the screen has\n%s", what, d.text())
		}
	}
}

// sees waits for text behind what was seen before it was cleared.
func (d *desk) sees(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		d.until("no "+text, func() bool { return strings.Contains(d.text(), text) })
	}
}

func (d *desk) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.screen.Reset()
}

func (d *desk) prompts(want string) {
	d.t.Helper()
	var got string
	d.until("the prompt is not "+want, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		got = d.prompt
		return got == want
	})
}

// ends waits for the end of the session.
func (d *desk) ends() error {
	d.t.Helper()
	select {
	case err := <-d.over:
		return err
	case <-time.After(atMost):
		d.t.Fatalf("does not end; the screen has\n%s", d.text())
		return nil
	}
}

// A server is a listener of the test.
type server struct {
	t *testing.T
	l *net.TCPListener
}

func serve(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &server{t, l.(*net.TCPListener)}
}

func (s *server) address() string { return s.l.Addr().String() }

func (s *server) client() *client {
	s.t.Helper()
	s.l.SetDeadline(time.Now().Add(atMost))
	c, err := s.l.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	return newClient(s.t, c)
}

// A client is a connection of the test.
type client struct {
	t *testing.T
	*net.TCPConn
}

func newClient(t *testing.T, c net.Conn) *client {
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(atMost))
	return &client{t, c.(*net.TCPConn)}
}

func (c *client) wants(text string) {
	c.t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != text {
		c.t.Fatalf("got %q, %v; want %q", got[:n], err, text)
	}
}

func (c *client) says(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// connected is a session that is connected to the test.
func connected(t *testing.T, spelling string, change func(*Options)) (*desk, *client, string) {
	t.Helper()
	srv := serve(t)
	d := sit(t, spelling, change)
	d.types("/connect " + srv.address())
	c := srv.client()
	d.sees("connected to " + srv.address())
	return d, c, srv.address()
}
