package juggler

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/socket"
	"github.com/chancat/channel/internal/ws"
)

// A capture is a recording of two real programs; testdata/captures/README.md says
// how it is written.
type capture struct {
	Name    string
	HTTP    struct{ C2S, S2C string }
	Decoded []recorded
}

// recorded is a WebSocket message; long ones have only their start and length.
type recorded struct {
	Dir, Opcode, Text string
	TextHead          string `json:"text_head"`
	TextLen           int    `json:"text_len"`
}

// captures calls test with each recording, the encrypted ones as the plain ones of
// the same scenario.
func captures(t *testing.T, test func(t *testing.T, c capture)) {
	files, err := filepath.Glob("testdata/captures/juggler0*.json")
	if err != nil || len(files) != 35 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := capture{Name: name}
			file := strings.NewReplacer("js_tls", "js_basic", "_tls", "_basic").Replace(file)
			if _, err := os.Stat(file); err != nil {
				file = strings.Replace(file, "07_js_basic", "07_js_native_basic", 1)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatal(err)
			}
			c.Name = name
			for i, m := range c.Decoded {
				c.Decoded[i].Text = m.complete(c.Decoded[:i])
			}
			test(t, c)
		})
	}
}

// complete returns the text of a message of which the recording has the start: the
// messages that long consist of one letter but for their end.
func (m recorded) complete(before []recorded) string {
	if m.TextLen == 0 {
		return m.Text
	}
	end := ""
	if m.TextHead[0] == segmentLast {
		if end = `"}`; m.Dir == "s2c" {
			end = `", "success": true}`
		}
	}
	letter := m.TextHead[len(m.TextHead)-1:]
	return m.TextHead + strings.Repeat(letter, m.TextLen-len(m.TextHead)-len(end)) + end
}

func (c capture) wire() Wire {
	if strings.HasPrefix(c.Name, "juggler06") {
		return Wire06
	}
	return Wire07
}

func (c capture) python() bool { return !strings.Contains(c.Name, "_js_") }

// messages returns the messages of one side, joined.
func (c capture) messages(t *testing.T, dir string) (texts []string) {
	a := assembler{max: defaultMaxMessage}
	for _, m := range c.Decoded {
		if m.Dir != dir || m.Opcode != "text" {
			continue
		}
		if c.wire() == Wire06 {
			texts = append(texts, m.Text)
			continue
		}
		if m.Text[0] == segmentPing || m.Text[0] == segmentPong {
			continue
		}
		msg, complete, err := a.add(m.Text[0], []byte(m.Text[1:]))
		if err != nil {
			t.Fatal(err)
		}
		if complete {
			texts = append(texts, string(msg))
		}
	}
	return texts
}

// states returns what the changes among messages make of null, one after the other,
// and the messages that are none.
func states(t *testing.T, texts []string) (states, others []string) {
	t.Helper()
	var state any
	for _, text := range texts {
		m, err := decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if m.kind != "state" {
			others = append(others, text)
			continue
		}
		ops, _ := mustParse(t, string(m.diff)).([]any)
		if state, _, err = apply(state, ops, defaultMaxState); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		states = append(states, string(appendValue(nil, state)))
	}
	return states, others
}

// played is a server that does what the recorded one did.
func (c capture) played(t *testing.T) *ServerOptions {
	wanted, _ := states(t, c.messages(t, "s2c"))
	o := &ServerOptions{Wire: c.wire(), PingDelay: -1}
	o.OnRequest = func(ctx context.Context, conn *Connection, name string, data json.RawMessage) (any, error) {
		switch name {
		case "add":
			var numbers []int
			json.Unmarshal(data, &numbers)
			sum := 0
			for _, n := range numbers {
				sum += n
			}
			return sum, nil
		case "null":
			return nil, nil
		case "big":
			return strings.Repeat("x", 70_000), nil
		case "notify":
			return "noted", errors.Join(conn.Notify("note", data), conn.Notify("", nil))
		case "slow":
			var seconds float64
			json.Unmarshal(data, &seconds)
			time.Sleep(time.Duration(seconds * float64(time.Second))) // order of the answers is what it is about
			return data, nil
		case "burst":
			for i := range 5 {
				if err := conn.State().Set(map[string]int{"i": i}); err != nil {
					return nil, err
				}
			}
			return "burst", nil
		case "stateseq":
			for _, state := range wanted {
				if err := errors.Join(conn.State().Set(json.RawMessage(state)), conn.Flush()); err != nil {
					return nil, err
				}
			}
			return len(wanted), nil
		}
		return answers(ctx, conn, name, data)
	}
	scenario := c.Name[len("juggler0x_"):]
	switch scenario {
	case "auth_bad", "auth_none", "auth_ok", "js_auth":
		o.Htpasswd = file(t, "users", "user:$apr1$salt1234$EAcAK6AlWog6ZyZq4LOg./\n")
	case "burst_flush0":
		o.Autoflush = FlushEachChange
	case "initstate":
		o.OnConnection = func(conn *Connection) { conn.State().Set(json.RawMessage(`{"hello": "state", "n": 0}`)) }
	case "norq":
		o.OnRequest = nil
	case "parallel":
		o.Parallel = true
	case "ping":
		o.PingDelay = 20 * time.Millisecond
	}
	return o
}

// Each recording's client gets from this server what it got from the real one.
func TestCapturesAgainstServer(t *testing.T) {
	captures(t, func(t *testing.T, c capture) {
		o := c.played(t)
		conn := c.dialServer(t, o)
		r := bufio.NewReader(conn)
		// Compression is declined; otherwise the request is the recorded one.
		head := strings.Replace(c.HTTP.C2S, "Sec-WebSocket-Extensions", "X-Extensions", 1)
		io.WriteString(conn, head)
		resp, err := http.ReadResponse(r, &http.Request{Method: "GET"})
		if err != nil {
			t.Fatal(err)
		}
		if refused := c.sameResponse(t, resp); refused {
			return
		}
		// What is text goes as it was recorded, message by message; the answers are
		// awaited where the recording has them.
		var got []string
		want := c.messages(t, "s2c")
		a := assembler{max: defaultMaxMessage}
		receive := func() (text string) {
			opcode, payload := readFrame(t, r)
			switch {
			case opcode == 8:
				return fmt.Sprintf("close %x", payload)
			case c.wire() == Wire06:
				got = append(got, string(payload))
			case payload[0] == segmentLast || payload[0] == segmentMore:
				msg, complete, err := a.add(payload[0], payload[1:])
				if err != nil {
					t.Fatal(err)
				}
				if complete {
					got = append(got, string(msg))
				}
			}
			return string(payload)
		}
		for _, m := range c.Decoded {
			switch {
			case m.Dir == "c2s" && m.Opcode == "text":
				writeFrame(conn, 1, []byte(m.Text))
			case m.Dir == "c2s":
				writeFrame(conn, 8, []byte{3, 232})
			case m.Opcode == "close":
				for {
					if text := receive(); text == "close 03e8" {
						break
					} else if strings.HasPrefix(text, "close") {
						t.Fatalf("closed with %s", text)
					}
				}
			case m.Text[0] == segmentPing || m.Text[0] == segmentPong:
				if text := receive(); text != m.Text {
					t.Fatalf("got %q, want %q", text, m.Text)
				}
			case m.Text[0] == segmentMore: // the last one is awaited
			default:
				for n := len(got); n == len(got) && len(got) < len(want); {
					receive()
				}
			}
		}
		gotStates, got := states(t, got)
		wantStates, want := states(t, want)
		if !slices.Equal(got, want) || !slices.Equal(gotStates, wantStates) {
			t.Errorf("got %q, states %q\nwant %q, states %q", got, gotStates, want, wantStates)
		}
	})
}

func (c capture) dialServer(t *testing.T, o *ServerOptions) net.Conn {
	var config *tls.Config
	if strings.HasSuffix(c.Name, "tls") {
		certificate, err := socket.SelfSigned("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		config = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
		config.RootCAs.AddCert(certificate.Leaf)
	}
	s := serve(t, o)
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// sameResponse compares what matters of the answers to the handshake.
func (c capture) sameResponse(t *testing.T, got *http.Response) (refused bool) {
	want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(c.HTTP.S2C)), &http.Request{Method: "GET"})
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != want.StatusCode {
		t.Fatalf("status %s, want %s", got.Status, want.Status)
	}
	names := []string{"WWW-Authenticate", "Content-Type", "Content-Length", "Sec-WebSocket-Accept"}
	if c.wire() == Wire07 {
		names = append(names, "Cache-Control")
	}
	for _, name := range names {
		if got.Header.Get(name) != want.Header.Get(name) {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want.Header.Get(name))
		}
	}
	if got.StatusCode == http.StatusSwitchingProtocols {
		return false
	}
	gotBody, _ := io.ReadAll(got.Body)
	wantBody, _ := io.ReadAll(want.Body)
	if string(gotBody) != string(wantBody) {
		t.Errorf("body %q, want %q", gotBody, wantBody)
	}
	return true
}

// Each recording's server gets from this client what it got from the real one, and
// this client makes of its answers what they say.
func TestCapturesAgainstClient(t *testing.T) {
	captures(t, func(t *testing.T, c capture) {
		if len(c.Decoded) == 0 {
			t.Skip("the handshake was refused")
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

// writeFrame writes a frame of a client.
func writeFrame(w io.Writer, opcode byte, payload []byte) {
	frame := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, 0x80|byte(n))
	case n < 1<<16:
		frame = append(frame, 0x80|126, byte(n>>8), byte(n))
	default:
		frame = append(frame, 0x80|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	frame = append(frame, 0, 0, 0, 0) // a mask that changes nothing
	w.Write(append(frame, payload...))
}

// readFrame reads a frame of a server.
func readFrame(t *testing.T, r io.Reader) (opcode byte, payload []byte) {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	n := int(head[1])
	if n > 125 {
		size := make([]byte, map[int]int{126: 2, 127: 8}[n])
		if _, err := io.ReadFull(r, size); err != nil {
			t.Fatal(err)
		}
		n = 0
		for _, b := range size {
			n = n<<8 | int(b)
		}
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		t.Fatal(err)
	}
	return head[0] & 15, payload
}
