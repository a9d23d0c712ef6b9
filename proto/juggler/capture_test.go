package juggler

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
