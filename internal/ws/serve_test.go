package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// hosted serves one WebSocket at /ws beside plain HTTP, and returns both its ends.
func hosted(t *testing.T) (near, far *Conn, address string) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan *Conn, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	var s *HostServer
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		if c, err := s.Upgrade(w, r); err == nil {
			accepted <- c
		}
	})
	s = NewHostServer(mux, 4, nil)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(inner) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	address = inner.Addr().String()
	if near, err = Dial(t.Context(), "ws://"+address+"/ws", nil); err != nil {
		t.Fatal(err)
	}
	far = <-accepted
	t.Cleanup(func() { near.CloseNow(); far.CloseNow() })
	return near, far, address
}

func TestHostServer(t *testing.T) {
	near, far, address := hosted(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + address + "/hello")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(body) != "hello" {
		t.Errorf("got %q", body)
	}
	near.Send([]byte("to"))
	if got, err := far.Recv(); string(got) != "to" {
		t.Errorf("got %q, %v", got, err)
	}
	far.Send([]byte("fro"))
	if got, err := near.Recv(); string(got) != "fro" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, origin := range []string{"http://evil.example", "null"} {
		if _, err := Dial(t.Context(), "ws://"+address+"/ws", &Options{Header: http.Header{"Origin": {origin}}}); err == nil {
			t.Errorf("a page of %s was let in", origin)
		}
	}
}

func TestCloseWith(t *testing.T) {
	near, far, _ := hosted(t)
	go near.CloseWith(1008, strings.Repeat("ž", 100))
	_, err := far.Recv()
	var status *CloseError
	if !errors.As(err, &status) || status.Code != 1008 || status.Reason != strings.Repeat("ž", 61) {
		t.Errorf("got %v", err)
	}
}

func TestPing(t *testing.T) {
	near, far, _ := hosted(t)
	for _, c := range []*Conn{near, far} {
		go c.Recv()
	}
	if err := near.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	near, _, _ = hosted(t) // nobody reads at the other end
	go near.Recv()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := near.Ping(ctx); err == nil {
		t.Error("an answer from nobody")
	}
}

func TestWriteDeadline(t *testing.T) {
	near, _, _ := hosted(t)
	near.SetWriteDeadline(time.Now().Add(-time.Second))
	if err := near.Send([]byte("late")); err == nil {
		t.Error("sent after the deadline")
	}
}
