package juggler

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/ws"
)

// Each recording's server gets from this client what it got from the real one, and
// this client makes of its answers what they say.
func TestCapturesAgainstClient(t *testing.T) {
	captures(t, func(t *testing.T, c capture) {
		if len(c.Decoded) == 0 {
			c.refused(t)
			return
		}
		l, err := ws.Listen(t.Context(), "ws://127.0.0.1:0/ws", &ws.Options{Kind: ws.Text})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		accepted := make(chan *ws.Conn, 1)
		go func() {
			conn, _ := l.Accept()
			accepted <- conn
		}()
		o := &ClientOptions{Wire: c.wire(), PingDelay: -1}
		if c.Name == "juggler07_js_ping" {
			o.PingDelay = 20 * time.Millisecond
		}
		changes := make(chan string, 100)
		notes := make(chan string, 100)
		o.OnChange = func(state json.RawMessage) { changes <- string(state) }
		o.OnNotify = func(name string, data json.RawMessage) { notes <- name + string(data) }
		client := connect(t, l.URL(), o)
		conn := <-accepted
		defer conn.Close()

		results := map[string]chan string{} // by id
		var pending []byte                  // what is left of a request's segments
		for _, m := range c.Decoded {
			switch {
			case m.Opcode == "close":
			case m.Dir == "s2c":
				if err := conn.Send([]byte(m.Text)); err != nil {
					t.Fatal(err)
				}
			case pending == nil:
				if c.wire() == Wire06 || m.Text[0] == segmentLast || m.Text[0] == segmentMore {
					pending = c.request(t, client, results)
				}
				fallthrough
			default:
				got, err := conn.Recv()
				if err != nil {
					t.Fatal(err)
				}
				if !c.same(string(got), m.Text) {
					t.Errorf("sent %.200s, want %.200s", got, m.Text)
				}
				if c.wire() == Wire06 || m.Text[0] == segmentLast {
					pending = nil
				}
			}
		}
		c.checkResults(t, results, changes, notes)
	})
}

// refused checks what the client makes of a recorded refusal.
func (c capture) refused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		http.ReadRequest(bufio.NewReader(conn))
		io.WriteString(conn, c.HTTP.S2C)
	}()
	var refused *ws.RefusedError
	_, err = Connect(t.Context(), "ws://"+l.Addr().String()+"/ws", nil)
	if !errors.As(err, &refused) || !strings.Contains(c.HTTP.S2C, fmt.Sprintf(" %d ", refused.Status)) || refused.Body == "" {
		t.Errorf("got %v", err)
	}
}

// request makes the client send the next recorded request.
func (c capture) request(t *testing.T, client *Client, results map[string]chan string) []byte {
	text := c.messages(t, "c2s")[len(results)]
	m, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	name, _ := stringOf(m.name)
	result := make(chan string, 1)
	results[string(m.id)] = result
	go func() {
		answer, err := client.Send(context.Background(), name, m.data)
		var fault *Error
		if errors.As(err, &fault) {
			result <- "error " + string(fault.Data)
		} else if err != nil {
			result <- err.Error()
		} else {
			result <- string(answer)
		}
	}()
	return []byte(text)
}

// same compares what two clients sent: byte for byte if the recorded one writes as
// this one does. The JavaScript client writes compact JSON, which leaves the cuts
// between its segments elsewhere.
func (c capture) same(got, want string) bool {
	if c.python() || got == want {
		return got == want
	}
	if c.wire() == Wire07 {
		if got[0] != want[0] {
			return false
		}
		got, want = got[1:], want[1:]
	}
	a, err := parse([]byte(got))
	b, err2 := parse([]byte(want))
	return err != nil && err2 != nil || equivalent(a, b)
}

func (c capture) checkResults(t *testing.T, results map[string]chan string, changes, notes <-chan string) {
	wantStates, others := states(t, c.messages(t, "s2c"))
	for _, text := range others {
		m, _ := decode([]byte(text))
		var got, want string
		if m.kind == "notify" {
			name, _ := stringOf(m.name)
			got, want = <-notes, name+string(m.data)
		} else {
			got, want = <-results[string(m.id)], string(m.data)
			if string(m.success) == "false" {
				want = "error " + want
			}
		}
		if got != want {
			t.Errorf("got %.100s, want %.100s", got, want)
		}
	}
	for _, want := range wantStates {
		if got := <-changes; got != want {
			t.Errorf("state %s, want %s", got, want)
		}
	}
}
