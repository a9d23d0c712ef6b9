package juggler

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

const patience = 20 * time.Second

// serve runs a server for the length of a test.
func serve(t testing.TB, o *ServerOptions) *Server {
	t.Helper()
	s, err := Listen(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func connect(t testing.TB, url string, o *ClientOptions) *Client {
	t.Helper()
	c, err := Connect(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// await polls until done holds.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// answers is a handler with the requests that the tests make.
func answers(ctx context.Context, c *Connection, name string, data json.RawMessage) (any, error) {
	switch name {
	case "echo":
		return data, nil
	case "fail":
		return nil, errors.New("no such thing: žluť")
	case "fail with data":
		return nil, &Error{data}
	case "panic":
		panic("at the disco")
	case "unwritable":
		return make(chan int), nil
	case "set":
		return nil, c.State().Set(data)
	case "notify":
		return nil, c.Notify("note", data)
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "close":
		c.Close()
		return "bye", nil
	}
	return nil, errors.New("unknown request")
}

func TestRequests(t *testing.T) {
	for _, wire := range []Wire{Wire06, Wire07} {
		for _, serverWire := range []Wire{wire, WireAuto} {
			s := serve(t, &ServerOptions{Wire: serverWire, OnRequest: answers})
			c := connect(t, s.URL(), &ClientOptions{Wire: wire})
			for _, r := range []struct{ name, data, want, fault string }{
				{"echo", `{"b":1,"a":[2]}`, `{"b": 1, "a": [2]}`, ""},
				{"echo", `[123456789012345678901234567890, 1e400, -0.0, 1.50, "\ud83d", "\ud83d\udc0e", "ž\u007f"]`,
					`[123456789012345678901234567890, 1e400, -0.0, 1.50, "\ud83d", "\ud83d\udc0e", "\u017e\u007f"]`, ""},
				{"", `{"x": null}`, `{"x": null}`, ""},
				{"fail", `null`, "", "no such thing: žluť"},
				{"fail with data", `{"code":7}`, "", `{"code": 7}`},
				{"panic", `null`, "", "the request handler failed"},
				{"unwritable", `null`, "", "cannot be written"},
				{"nope", `1`, "", "unknown request"},
			} {
				got, err := c.Send(t.Context(), r.name, json.RawMessage(r.data))
				if string(got) != r.want {
					t.Errorf("wire %v: %s: got %s, %v; want %s", wire, r.name, got, err, r.want)
				}
				var fault *Error
				if r.fault != "" && (!errors.As(err, &fault) || !strings.Contains(err.Error(), r.fault)) {
					t.Errorf("wire %v: %s: error %v, want %s", wire, r.name, err, r.fault)
				}
			}
			large := strings.Repeat("žx", 100_000)
			got, err := c.Send(t.Context(), "echo", large)
			var back string
			if json.Unmarshal(got, &back); back != large {
				t.Errorf("wire %v: a large message came back with %d bytes, %v", wire, len(got), err)
			}
		}
	}
}

func TestState(t *testing.T) {
	s := serve(t, &ServerOptions{OnRequest: answers, Autoflush: FlushEachChange})
	var changes []string
	seen := make(chan string, 10)
	c := connect(t, s.URL(), &ClientOptions{OnChange: func(state json.RawMessage) { seen <- string(state) }})
	if string(c.State()) != "null" {
		t.Errorf("state %s at first", c.State())
	}
	for _, state := range []string{`{"a": [1, 2.0]}`, `{"a": [1, 2.0, "\ud83d"], "b~/": null}`, `[false]`, `[0]`, `null`} {
		if _, err := c.Send(t.Context(), "set", json.RawMessage(state)); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got != state {
			t.Errorf("got %s, want %s", got, state)
		}
	}
	_ = changes
}

// The methods set the callbacks later, and Reconnect makes what the connection before
// has said of the state a thing of the past, even if nobody was told yet.
func TestReconnectForgetsState(t *testing.T) {
	conns := make(chan *Connection, 2)
	s := serve(t, &ServerOptions{Autoflush: FlushEachChange, OnConnection: func(c *Connection) { conns <- c }})
	c := connect(t, s.URL(), nil)
	told, release := make(chan string), make(chan struct{})
	c.OnChange(func(state json.RawMessage) {
		told <- string(state)
		<-release
	})
	notified := make(chan string, 1)
	c.OnNotify(func(name string, data json.RawMessage) { notified <- name + string(data) })
	first := <-conns
	first.State().Set(1)
	if state := <-told; state != "1" {
		t.Fatal(state)
	}
	first.State().Set(2) // of which the callback is told once it has returned
	await(t, "the second state", func() bool { return string(c.State()) == "2" })
	if err := c.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := <-conns
	second.State().Set(3)
	close(release)
	if state := <-told; state != "3" {
		t.Errorf("told %s, behind the reconnection", state)
		<-told
	}
	if err := second.Notify("alarm", 4); err != nil {
		t.Error(err)
	}
	if got := <-notified; got != "alarm4" {
		t.Error(got)
	}
}
