package bgpy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancat/channel/framing"
)

const patience = 10 * time.Second // how long a test waits for what should happen at once

var (
	initFunc = Func{"tasks", "init_task"}
	execFunc = Func{"tasks", "exec_task"}
	exitFunc = Func{"tasks", "exit_task"}
)

// serve runs s on a new listener until the test ends. What Serve returns is sent
// on the channel.
func serve(t *testing.T, s *Server) (address string, ended <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done, copied := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(done)
		copied <- s.Serve(ctx, l)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("the server goes on after its context ended")
		}
	})
	return l.Addr().String(), copied
}

// open connects without saying anything.
func open(t *testing.T, address string) *conn {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c, stop := newConn(context.Background(), nc, time.Millisecond, framing.DefaultMax)
	t.Cleanup(func() {
		stop()
		c.Close()
	})
	return c
}

// counter answers as the tasks of the published example do, and responds to EXEC.
func counter() map[string]Task {
	value := int64(1000)
	return map[string]Task{
		initFunc.String(): func(context.Context, Dict) (Dict, error) { return Args("ignored", true), nil },
		execFunc.String(): func(_ context.Context, args Dict) (Dict, error) {
			switch args.Get("command") {
			case "fail":
				return nil, errors.New("bang")
			case "panic":
				panic("boom")
			case "quiet":
				return nil, nil
			case "unsendable":
				return Args("value", struct{}{}), nil
			}
			change, _ := args.Get("value_change").(int64)
			value += change
			return Args("value", value), nil
		},
		exitFunc.String(): func(context.Context, Dict) (Dict, error) { return Args("value", value, "status", "Exited."), nil },
	}
}

func fast(address string) *Client {
	return &Client{Addr: address, Token: "s3cret", Pace: time.Millisecond, Timeout: patience}
}

func TestLife(t *testing.T) {
	address, ended := serve(t, &Server{Token: "s3cret", Pace: time.Millisecond, Tasks: counter()})
	c := fast(address)
	ctx := t.Context()
	expect := func(want string) func(Dict, error) {
		return func(got Dict, err error) {
			t.Helper()
			text := plain(got)
			if refused := (*ResponseError)(nil); errors.As(err, &refused) {
				text = "ERROR " + plain(refused.Args)
			} else if err != nil {
				text = err.Error()
			}
			if text != want {
				t.Errorf("got %s, want %s", text, want)
			}
		}
	}
	expect(`ERROR {"message":"Not initialized.","await_response":false}`)(c.Execute(ctx, nil, true))
	expect(`{"message":"Received 'EXEC'"}`)(c.Execute(ctx, nil, false))
	expect(`ERROR {"message":"Unknown task os.system.","await_response":false}`)(c.Initialize(ctx, Func{"os", "system"}, execFunc, exitFunc))
	expect(`{"message":"Initialization successful.","await_response":false}`)(c.Initialize(ctx, initFunc, execFunc, exitFunc))
	expect(`ERROR {"message":"Already initialized.","await_response":false}`)(c.Initialize(ctx, initFunc, execFunc, exitFunc))
	expect(`{"value":1010,"await_response":false}`)(c.Execute(ctx, Args("command", "increase", "value_change", 10), true))
	expect(`{"message":"Received 'EXEC'"}`)(c.Execute(ctx, Args("value_change", 1), false))
	expect(`{"await_response":false}`)(c.Execute(ctx, Args("command", "quiet"), true))
	expect(`ERROR {"message":"bang","await_response":false}`)(c.Execute(ctx, Args("command", "fail"), true))
	expect(`ERROR {"message":"the task panics: boom","await_response":false}`)(c.Execute(ctx, Args("command", "panic"), true))
	expect(`ERROR {"message":"The response cannot be sent: args: value: a value of the type struct {} cannot be sent","await_response":false}`)(
		c.Execute(ctx, Args("command", "unsendable"), true))
	wrong := fast(address)
	wrong.Token = "wrong"
	if _, err := wrong.Execute(ctx, nil, true); !errors.Is(err, ErrToken) {
		t.Error(err)
	}
	wrong.Token = ""
	if _, err := wrong.Terminate(ctx, nil, false); !errors.Is(err, ErrToken) {
		t.Error(err)
	}
	expect(`{"value":1011,"status":"Exited.","await_response":false}`)(c.Terminate(ctx, nil, true))
	if err := <-ended; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// Exit without initialization, without waiting, and with another client connected.
func TestExitAtOnce(t *testing.T) {
	address, ended := serve(t, &Server{Pace: time.Millisecond})
	open(t, address)
	if _, err := fast(address).Terminate(t.Context(), nil, false); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan struct{})
	tasks := counter()
	tasks[execFunc.String()] = func(ctx context.Context, _ Dict) (Dict, error) {
		close(running)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	go func() {
		c := fast(l.Addr().String())
		if _, err := c.Initialize(ctx, initFunc, execFunc, exitFunc); err != nil {
			t.Error(err)
		}
		open := make(chan struct{})
		go func() {
			defer close(open)
			c.Execute(context.Background(), nil, true)
		}()
		<-running
		cancel()
		<-open
	}()
	if err := (&Server{Pace: time.Millisecond, Tasks: tasks}).Serve(ctx, l); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A client that says nothing, or stops in the middle, blocks nobody.
func TestParallelClients(t *testing.T) {
	var most, now atomic.Int32
	tasks := counter()
	inner := tasks[execFunc.String()]
	tasks[execFunc.String()] = func(ctx context.Context, args Dict) (Dict, error) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		return inner(ctx, args)
	}
	address, _ := serve(t, &Server{Token: "s3cret", Pace: time.Millisecond, Tasks: tasks})
	open(t, address)
	io.WriteString(open(t, address), "219     ")
	c := fast(address)
	if _, err := c.Initialize(t.Context(), initFunc, execFunc, exitFunc); err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if _, err := c.Execute(t.Context(), Args("value_change", 1), true); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if got, err := c.Execute(t.Context(), nil, true); err != nil || got.Get("value") != int64(1020) {
		t.Errorf("%v, %v", got, err)
	}
	if most.Load() != 1 {
		t.Errorf("%d tasks ran at once", most.Load())
	}
}

// What kills or hangs the real server ends that connection and nothing else, and
// without a confirmation.
func TestBadClients(t *testing.T) {
	var log safeBuffer
	s := &Server{Pace: time.Millisecond, Timeout: 100 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	address, _ := serve(t, s)
	for _, raw := range []string{
		"GET / HTTP/1.1\r\n\r\n",
		"9999999999999999",
		"-5              ",
		"4               !!!!",
		"8               gASVAAAA",
		"16              gAMoSwFLAi4=\nxx\n",
		"219     ",
		"219             gAN",
		"",
	} {
		c := open(t, address)
		if _, err := io.WriteString(c, raw); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c); err != nil || len(got) > 0 {
			t.Errorf("%q: %q, %v", raw, got, err)
		}
	}
	c := open(t, address)
	c.Conn.(*net.TCPConn).SetLinger(0)
	c.Close() // resets
	if _, err := fast(address).Terminate(t.Context(), nil, true); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"want a digit", "frame too large", "base64", "silent for too long"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A wrong token may be followed by the right one, but not for ever.
func TestTokens(t *testing.T) {
	address, _ := serve(t, &Server{Token: "s3cret", Pace: time.Microsecond})
	c := open(t, address)
	try := func(token any) MessageType {
		t.Helper()
		if err := c.send(Message{Auth, Args(keyToken, token, keyAwait, true)}, patience); err != nil {
			t.Fatal(err)
		}
		if m, err := c.receive(patience); err != nil || !m.isConfirmation() {
			t.Fatal(m, err)
		}
		m, err := c.receive(patience)
		if err != nil {
			t.Fatal(err)
		}
		return m.Type
	}
	for i, token := range []any{nil, "", 5, "S3cret", "s3cret"} {
		if got, want := try(token), Error; (got == OK) != (i == 4) {
			t.Errorf("%v: %v, want %v", token, got, want)
		}
	}
	c = open(t, address)
	for range wrongTokens {
		try("wrong")
	}
	if _, err := c.receive(patience); err != io.EOF {
		t.Errorf("after many wrong tokens: %v", err)
	}
}

// auth shows the token on c.
func auth(t *testing.T, c *conn, token string) {
	t.Helper()
	if err := c.send(Message{Auth, Args(keyToken, token, keyAwait, true)}, patience); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the confirmation and the response
		if m, err := c.receive(patience); err != nil || m.Type != OK {
			t.Fatal(m, err)
		}
	}
}

// Of those that show no token the oldest has to go; with a token one can stay.
func TestGuests(t *testing.T) {
	address, _ := serve(t, &Server{Token: "s3cret", Pace: time.Microsecond, MaxGuests: 3})
	guest := open(t, address)
	if _, err := guest.Write([]byte("9")); err != nil {
		t.Fatal(err)
	}
	member := open(t, address)
	auth(t, member, "s3cret")
	for range 20 {
		open(t, address)
	}
	if got, err := io.ReadAll(guest); len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
	if err := member.send(Message{Exec, Args(keyAwait, true)}, patience); err != nil {
		t.Error(err)
	}
	if m, err := member.receive(patience); err != nil || !m.isConfirmation() {
		t.Error(m, err)
	}
	if _, err := fast(address).Execute(t.Context(), nil, false); err != nil { // there is room for one more
		t.Error(err)
	}
}

// Before AUTH a message is small.
func TestMaxAuth(t *testing.T) {
	var log safeBuffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	token := strings.Repeat("t", 100_000)
	address, _ := serve(t, &Server{Token: token, Pace: time.Microsecond, Logger: logger})
	c := open(t, address)
	auth(t, c, token)
	large := Args("large", strings.Repeat("x", 1<<20), keyAwait, true)
	if err := c.send(Message{Exec, large}, patience); err != nil {
		t.Error(err)
	}
	if m, err := c.receive(patience); err != nil || !m.isConfirmation() {
		t.Error(m, err)
	}
	c = open(t, address)
	go c.send(Message{Exec, large}, patience) // the server may end before it is through
	if m, err := c.receive(patience); err == nil {
		t.Error(m)
	}
	if !strings.Contains(log.String(), "the limit is 216384") {
		t.Errorf("the log:\n%s", log.String())
	}

	address, _ = serve(t, &Server{Pace: time.Microsecond, MaxAuth: 100, Logger: logger})
	if _, err := fast(address).Execute(t.Context(), nil, false); err == nil || !strings.Contains(log.String(), "the limit is 100") {
		t.Errorf("%v; the log:\n%s", err, log.String())
	}
}

// The response keeps its distance from the request.
func TestPace(t *testing.T) {
	const pace = 60 * time.Millisecond
	address, _ := serve(t, &Server{Pace: pace})
	c := open(t, address)
	if err := c.send(Message{Auth, Args(keyToken, nil, keyAwait, true)}, patience); err != nil {
		t.Fatal(err)
	}
	if m, err := c.receive(patience); err != nil || !m.isConfirmation() {
		t.Fatal(m, err)
	}
	confirmed := time.Now()
	if _, err := c.receive(patience); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(confirmed); d < pace/2 {
		t.Errorf("the response came %v after the confirmation", d)
	}
}
