package juggler

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel/internal/ws"
)

// rawClient makes the handshake and leaves the rest to the test.
func rawClient(t *testing.T, s *Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", s.Addr())
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", resp, err)
	}
	return conn, r
}

// The server closes with a status and a reason, and lives on.
func TestBadMessages(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for _, wire := range []Wire{Wire06, Wire07} {
		s := serve(t, &ServerOptions{Wire: wire, OnRequest: answers, MaxMessage: 10_000})
		for _, c := range []struct {
			opcode byte
			text   string // "0" is put before it in version 0.7
			status int
			reason string
		}{
			{2, `{"type":"request","id":1,"name":"echo","data":1}`, 1003, "binary"},
			{1, `not JSON`, 1007, "byte 0"},
			{1, ``, 1007, ""},
			{1, `[1]`, 1007, "starts with '['"},
			{1, `"x"`, 1007, "starts with"},
			{1, `{"type":"request","id":1,"name":"echo","data":NaN}`, 1007, "got 'N'"},
			{1, `{"type":"request","id":1,"name":"echo","data":1} x`, 1007, "want the end"},
			{1, `{"type":"request","id":1,"name":"echo","data":` + deep + `}`, 1007, "nested"},
			{1, `{"type":"request","id":1,"name":"echo","data":"` + "\xff" + `"}`, 1007, "UTF-8"},
			{1, `{"type":"response","id":1,"data":1,"success":true}`, 1007, `"response"`},
			{1, `{"type":5}`, 1007, "type"},
			{1, `{"type":"request","name":"echo","data":1}`, 1007, "without id"},
			{1, `{"type":"request","id":1,"data":1}`, 1007, "without id"},
			{1, `{"type":"request","id":1,"name":""}`, 1007, "no data"},
			{1, `{"type":"request","id":1,"name":"echo","data":"` + strings.Repeat("x", 20_000) + `"}`, 1009, "limited"},
		} {
			conn, r := rawClient(t, s)
			text := c.text
			if wire == Wire07 {
				text = "0" + text
			}
			writeFrame(conn, c.opcode, []byte(text))
			opcode, payload := readFrame(t, r)
			if opcode != 8 || len(payload) < 2 || int(payload[0])<<8|int(payload[1]) != c.status || !strings.Contains(string(payload), c.reason) {
				t.Errorf("wire %v, %.60q: closed with %d %q, want %d %q", wire, c.text, opcode, payload, c.status, c.reason)
			}
			conn.Close()
		}
	}
	s := serve(t, &ServerOptions{OnRequest: answers, MaxMessage: 100_000})
	for text, reason := range map[string]string{
		"":           "empty",
		"4x":         "segment type",
		`{"type":1}`: "version 0.6",
	} {
		conn, r := rawClient(t, s)
		writeFrame(conn, 1, []byte(text))
		if opcode, payload := readFrame(t, r); opcode != 8 || !strings.Contains(string(payload), reason) {
			t.Errorf("%q: closed with %d %q", text, opcode, payload)
		}
	}
	// Segments that never end.
	conn, r := rawClient(t, s)
	for range 3 {
		writeFrame(conn, 1, append([]byte("1"), bytes.Repeat([]byte("x"), 50_000)...))
	}
	if opcode, payload := readFrame(t, r); opcode != 8 || !strings.Contains(string(payload), "100000 bytes") {
		t.Errorf("closed with %d %q", opcode, payload)
	}
	if got, err := connect(t, s.URL(), nil).Send(t.Context(), "echo", 1); string(got) != "1" {
		t.Errorf("afterwards: %s, %v", got, err)
	}
}

// Requests that are answered although something is wrong with them.
func TestOddRequests(t *testing.T) {
	s := serve(t, &ServerOptions{OnRequest: answers})
	conn, r := rawClient(t, s)
	for _, c := range [][2]string{
		{`{"type":"request","id":1,"name":"echo"}`, `0{"type": "response", "id": 1, "data": "'data'", "success": false}`},
		{`{"type":"request","id":[{"x":1e400}],"name":null,"data":"\ud83d","more":1}`, `0{"type": "response", "id": [{"x": 1e400}], "data": "\ud83d", "success": true}`},
		{`{"type":"request","id":"\u0041","name":[],"data":{"b":1,"a":2}}`, `0{"type": "response", "id": "A", "data": {"b": 1, "a": 2}, "success": true}`},
		{`{"type":"request","id":1,"name":0.0,"data":0}`, `0{"type": "response", "id": 1, "data": 0, "success": true}`},
		{`{"type":"request","id":1,"name":5,"data":0}`, `0{"type": "response", "id": 1, "data": "the name of a request must be a string", "success": false}`},
		{" {\t\"type\" : \"request\" , \"id\":1,\r\n\"name\":\"echo\",\"data\":[ ] } ", `0{"type": "response", "id": 1, "data": [], "success": true}`},
	} {
		writeFrame(conn, 1, []byte("0"+c[0]))
		if _, got := readFrame(t, r); string(got) != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got, c[1])
		}
	}
	// In segments, with empty ones and a ping between.
	for _, segment := range []string{"1", `1{"type":"request","id":1,"na`, "2abc", `1me":"echo","data":"\u01`, `17e"}`, "0"} {
		writeFrame(conn, 1, []byte(segment))
	}
	if _, got := readFrame(t, r); string(got) != "3abc" {
		t.Errorf("pong: %s", got)
	}
	if _, got := readFrame(t, r); string(got) != `0{"type": "response", "id": 1, "data": "\u017e", "success": true}` {
		t.Errorf("in segments: %s", got)
	}
}

// A client that does not read is disconnected; it costs no more than its queue, and
// others get their states.
func TestSlowClient(t *testing.T) {
	shared := NewState()
	s := serve(t, &ServerOptions{State: shared, Autoflush: FlushEachChange, WriteTimeout: 200 * time.Millisecond, MaxQueue: 1 << 16})
	slow, _ := rawClient(t, s)
	slow.(*net.TCPConn).SetReadBuffer(4096)
	quick := connect(t, s.URL(), nil)
	await(t, "two connections", func() bool { return len(s.connections()) == 2 })
	conns := s.connections()
	large := strings.Repeat("x", 200_000)
	n := 0
	await(t, "the slow one is gone", func() bool {
		n++
		if err := shared.Set(fmt.Sprint(n, large)); err != nil {
			t.Fatal(err)
		}
		return len(s.connections()) == 1
	})
	for _, c := range conns {
		c.link.out.mu.Lock()
		if c.link.out.bytes > 1<<16+2*len(large) {
			t.Errorf("%d bytes queued", c.link.out.bytes)
		}
		c.link.out.mu.Unlock()
		if err := c.link.ctx.Err(); err != nil && !strings.Contains(c.link.why().Error(), "does not read") {
			t.Errorf("disconnected because %v", c.link.why())
		}
	}
	last := string(shared.Value())
	await(t, "the quick one has the last state", func() bool { return string(quick.State()) == last })
}

// Notify waits for a client that does not read, and ends with it.
func TestNotifyWaits(t *testing.T) {
	connected := make(chan *Connection, 1)
	s := serve(t, &ServerOptions{MaxQueue: 1000, WriteTimeout: 200 * time.Millisecond, OnConnection: func(c *Connection) { connected <- c }})
	rawClient(t, s)
	c := <-connected
	var err error
	for range 1000 {
		if err = c.Notify("n", strings.Repeat("x", 100_000)); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "does not read") {
		t.Errorf("got %v", err)
	}
}

// A client that is gone without a word is noticed by a ping, in both versions.
func TestVanishedClient(t *testing.T) {
	for _, wire := range []Wire{Wire06, Wire07} {
		shared := NewState()
		shared.Set("something to write")
		s := serve(t, &ServerOptions{
			Wire: wire, State: shared, WriteTimeout: 100 * time.Millisecond,
			PingDelay: 20 * time.Millisecond, PingTimeout: 500 * time.Millisecond,
		})
		rawClient(t, s)
		await(t, "it is noticed", func() bool { return len(s.connections()) == 0 })
		// One that answers stays, long after the last write's deadline too.
		c := connect(t, s.URL(), &ClientOptions{Wire: wire, PingDelay: 30 * time.Millisecond, PingTimeout: time.Second})
		time.Sleep(400 * time.Millisecond) // what is tested is that nothing happens
		if c.Err() != nil {
			t.Errorf("wire %v: %v", wire, c.Err())
		}
	}
}

// A request ends with its connection, and Close waits for no handler for ever.
func TestHandlerEnds(t *testing.T) {
	s := serve(t, &ServerOptions{OnRequest: answers, ShutdownTimeout: 50 * time.Millisecond})
	c := connect(t, s.URL(), nil)
	got := make(chan error, 1)
	go func() {
		_, err := c.Send(t.Context(), "wait", nil)
		got <- err
	}()
	await(t, "the handler runs", func() bool {
		conns := s.connections()
		if len(conns) == 0 {
			return false
		}
		conns[0].mu.Lock()
		defer conns[0].mu.Unlock()
		return conns[0].workers == 1
	})
	s.Close()
	if err := <-got; err == nil {
		t.Error("it was answered")
	}
	if err := s.Wait(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Wait: %v", err)
	}
}

// fakeServer accepts one client and sends it messages.
func fakeServer(t *testing.T) (url string, accept func() *ws.Conn) {
	l, err := ws.Listen(t.Context(), "ws://127.0.0.1:0/ws", &ws.Options{Kind: ws.Text})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	conns := make(chan *ws.Conn, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(conns)
				return
			}
			conns <- c
		}
	}()
	return l.URL(), func() *ws.Conn {
		c := <-conns
		t.Cleanup(func() { c.Close() })
		return c
	}
}

// A change that does not apply is told, changes nothing, and is made good by a whole
// state or a new connection.
func TestUnfitPatch(t *testing.T) {
	url, accept := fakeServer(t)
	faults, changes := make(chan error, 10), make(chan string, 10)
	c := connect(t, url, &ClientOptions{
		OnError:  func(err error) { faults <- err },
		OnChange: func(state json.RawMessage) { changes <- string(state) },
	})
	conn := accept()
	patch := func(diff string) { conn.Send([]byte(`0{"type":"state","diff":` + diff + `}`)) }
	patch(`[{"op":"replace","path":"","value":{"a":1}}]`)
	if got := <-changes; got != `{"a": 1}` {
		t.Fatal(got)
	}
	patch(`[{"op":"replace","path":"/a","value":2},{"op":"replace","path":"/b","value":3}]`)
	var fault *PatchError
	if err := <-faults; !errors.As(err, &fault) || fault.Op != 1 || !strings.Contains(err.Error(), `no "b"`) {
		t.Errorf("told %v", err)
	}
	if string(c.State()) != `{"a": 1}` {
		t.Errorf("state %s", c.State())
	}
	patch(`[{"op":"replace","path":"/a","value":3}]`) // leads from a state that is not here
	conn.Send([]byte(`0{"type":"notify","name":"n","data":null}`))
	patch(`[{"op":"replace","path":"","value":{"a":4}}]`)
	if got := <-changes; got != `{"a": 4}` {
		t.Errorf("state %s", got)
	}
	if err := c.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn = accept()
	patch(`[{"op":"add","path":"","value":[5]}]`)
	if got := <-changes; got != `[5]` || string(c.State()) != `[5]` {
		t.Errorf("state %s", got)
	}
	if c.Err() != nil {
		t.Error(c.Err())
	}
}

func TestBadServer(t *testing.T) {
	for text, want := range map[string]string{
		`0{"type":"state"}`:                                    "without a diff",
		`0{"type":"state","diff":{}}`:                          "without a diff",
		`0{"type":"response","id":1,"data":1,"success":1}`:     "success",
		`0{"type":"response","id":1,"success":true}`:           "data",
		`0{"type":"notify","name":1,"data":1}`:                 "name",
		`0{"type":"request","id":1,"name":"x","data":1}`:       `"request"`,
		`{"type":"notify","name":"x","data":1}`:                "0.6",
		`9`:                                                    "segment type",
		`0{`:                                                   "invalid JSON",
		`0{"type":"notify","name":"x","data":"` + "\x01" + `"`: "control character",
	} {
		url, accept := fakeServer(t)
		c := connect(t, url, nil)
		accept().Send([]byte(text))
		<-c.Done()
		var fault *ProtocolError
		if err := c.Err(); !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if _, err := c.Send(t.Context(), "x", nil); err == nil {
			t.Errorf("%s: a request was answered afterwards", text)
		}
	}
	// Unknown ids answer nothing.
	url, accept := fakeServer(t)
	c := connect(t, url, nil)
	conn := accept()
	go func() {
		conn.Recv()
		for _, id := range []string{"7", `"x"`, "1e400", "null", "1"} {
			conn.Send([]byte(`0{"type":"response","id":` + id + `,"data":` + id + `,"success":true}`))
		}
	}()
	if got, err := c.Send(t.Context(), "x", nil); string(got) != "1" {
		t.Errorf("got %s, %v", got, err)
	}
	conn.CloseNow()
	<-c.Done()
	if err := c.Err(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after a lost connection: %v", err)
	}
	if _, err := Connect(t.Context(), url, &ClientOptions{Wire: WireAuto}); err == nil {
		t.Error("a client chose its version by itself")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"type":"request","id":1e400,"name":"\ud83d\udc0e","data":{"a":[1,-0.5e-7,null]}}`))
	f.Add([]byte(`{"type": "state", "diff": [{"op": "add", "path": "/a", "value": "\ud83d"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decode(text)
		if err != nil {
			return
		}
		// What is passed on means the same, is ASCII and stays as it is.
		once, err := appendJSON(nil, json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range once {
			if c < ' ' || c >= 0x7F {
				t.Fatalf("%q in %s", c, once)
			}
		}
		twice, err := appendJSON(nil, json.RawMessage(once))
		if err != nil || !bytes.Equal(once, twice) || !json.Valid(once) {
			t.Fatalf("%s, then %s, %v", once, twice, err)
		}
		a, err := parse(text)
		b, err2 := parse(once)
		if err != nil || err2 != nil || !equivalent(a, b) {
			t.Fatalf("%s is not %s", once, text)
		}
		if m.name != nil {
			falsy(m.name)
		}
	})
}

// What is valid here is valid for encoding/json, and the other way round but for
// depth and what is not UTF-8.
func FuzzParse(f *testing.F) {
	for _, text := range []string{`0`, `-0.0e+7`, `01`, `1.`, `"\u00"`, `[1,]`, `{"a":1,}`, `nul`, `"\x"`, ` [ ] `, "\"\x7f\""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := parse(text)
		if valid := json.Valid(text); valid != (err == nil) && !(valid && (strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "nested"))) {
			t.Fatalf("%q: %v, but encoding/json says %t", text, err, valid)
		}
	})
}

func FuzzSegments(f *testing.F) {
	f.Add([]byte("hello world"), 3, 100)
	f.Fuzz(func(t *testing.T, text []byte, most, max int) {
		if most < 1 || max < 0 {
			return
		}
		a := assembler{max: max}
		segments := cut(append([]byte{segmentLast}, text...), most)
		for i, segment := range segments {
			if len(segment) > most+1 {
				t.Fatalf("a segment of %d", len(segment))
			}
			msg, complete, err := a.add(segment[0], segment[1:])
			if len(a.joined) > max {
				t.Fatalf("%d bytes kept", len(a.joined))
			}
			switch {
			case err != nil:
				if len(text) <= max {
					t.Fatal(err)
				}
				return
			case complete != (i == len(segments)-1):
				t.Fatalf("complete %t at %d of %d", complete, i, len(segments))
			case complete && !bytes.Equal(msg, text):
				t.Fatalf("%q became %q", text, msg)
			}
		}
	})
}

// While the reader is held up by requests that wait for their turn, nothing that the
// client says can be heard: that its pong is among it is no silence.
func TestPongBehindRequests(t *testing.T) {
	for _, wire := range []Wire{Wire06, Wire07} {
		const pingTimeout = 100 * time.Millisecond
		proceed := make(chan struct{})
		release := sync.OnceFunc(func() { close(proceed) })
		t.Cleanup(release)
		s := serve(t, &ServerOptions{Wire: wire, PingDelay: 20 * time.Millisecond, PingTimeout: pingTimeout,
			OnRequest: func(context.Context, *Connection, string, json.RawMessage) (any, error) {
				<-proceed
				return nil, nil
			}})
		conn, r := rawClient(t, s)
		ping, payload := readFrame(t, r)
		const requests = maxPending + 2 // one is handled, and one is in the reader's hands
		for id := range requests {
			text := fmt.Sprintf(`{"type":"request","id":%d,"name":"x","data":1}`, id)
			if wire == Wire07 {
				text = "0" + text
			}
			writeFrame(conn, 1, []byte(text))
		}
		if ping == 9 {
			writeFrame(conn, 10, payload)
		} else {
			writeFrame(conn, 1, []byte("3"))
		}
		time.AfterFunc(3*pingTimeout, release)
		for answers := 0; answers < requests; {
			opcode, payload := readFrame(t, r)
			switch {
			case opcode == 1 && len(payload) > 1:
				answers++
			case opcode == 9:
				writeFrame(conn, 10, payload)
			case opcode == 1:
				writeFrame(conn, 1, []byte("3"))
			default:
				t.Fatalf("wire %v: after %d answers opcode %d, %q", wire, answers, opcode, payload)
			}
		}
	}
}
