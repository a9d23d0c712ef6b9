package answer

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/pickle"
	"github.com/chancat/channel/session"
)

// dialogue returns the messages that answer, as "2 answers 1" or, for a message of
// the client, "client 2 answers 1". Each line of script is "c" or "s", a blank and
// a frame with Go's escapes; time passes by a second a line.
func dialogue(t *testing.T, spelling string, script ...string) (answers []string) {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	p := New(spelling)
	seq := map[session.Side]int{}
	asked := map[string]time.Time{}
	start := time.Unix(0, 0)
	for i, line := range script {
		from, codec := session.Client, f.C2S.Codec
		if line[0] == 's' {
			from, codec = session.Server, f.S2C.Codec
		}
		raw := []byte(line[2:])
		r := newReader(raw, codec)
		fr, err := r.Next()
		if err != nil || len(fr.Raw) != len(raw) {
			t.Fatalf("%q is no frame: %v", raw, err)
		}
		seq[from]++
		at := start.Add(time.Duration(i) * time.Second)
		asked[fmt.Sprint(from, seq[from])] = at
		to, latency := p.Message(from, seq[from], at, fr.Raw, r.Message(fr))
		if to == 0 {
			continue
		}
		text := fmt.Sprintf("%d answers %d", seq[from], to)
		if from == session.Client {
			text = "client " + text
		}
		if want := at.Sub(asked[fmt.Sprint(other(from), to)]); latency != want {
			t.Errorf("%s after %v, want %v", text, latency, want)
		}
		answers = append(answers, text)
	}
	return answers
}

func lsp(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

// bgpyFrame is a message of that type, with those keys and values.
func bgpyFrame(t *testing.T, kind int64, args ...string) string {
	t.Helper()
	dict := pickle.Dict()
	for _, text := range args {
		dict.Items = append(dict.Items, pickle.Str(text))
	}
	class := func(name string) *pickle.Node { return pickle.Global("bgpy.core.message", name) }
	slots := pickle.Dict(pickle.Str("type"), pickle.Call(class("MessageType"), pickle.Int(kind)), pickle.Str("args"), dict)
	p, err := pickle.Append(nil, pickle.Instance(class("Message"), pickle.Tuple(), pickle.Tuple(pickle.None(), slots)), 3)
	if err != nil {
		t.Fatal(err)
	}
	f, err := framing.Bgpy.AppendFrame(nil, []byte(base64.StdEncoding.EncodeToString(p)))
	if err != nil {
		t.Fatal(err)
	}
	return string(f)
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, spelling string
		script         []string
		want           string
	}{
		{"in order", "line", []string{"c a\n", "c b\n", "s x\n", "s y\n", "s z\n"}, "1 answers 1, 2 answers 2"},
		{"greeting", "line", []string{"s hello\n", "c a\n", "s x\n"}, "2 answers 1"},
		{"JSON-RPC out of order", "lsp", []string{
			"c " + lsp(`{"jsonrpc":"2.0","id":1,"method":"a"}`),
			"c " + lsp(`{"jsonrpc":"2.0","id":"two","method":"b"}`),
			"c " + lsp(`{"jsonrpc":"2.0","method":"note"}`),
			"s " + lsp(`{"jsonrpc":"2.0","method":"progress","params":{"id":1,"x":["\"}"]}}`),
			"s " + lsp(`{"jsonrpc":"2.0","result":{"id":7},"id":"two"}`),
			"s " + lsp(`{ "id" : 1 , "error": {"code":-1} }`),
		}, "2 answers 2, 3 answers 1"},
		{"JSON-RPC from the server", "line", []string{
			`s {"jsonrpc":"2.0","id":1,"method":"ask"}` + "\n",
			`c {"jsonrpc":"2.0","id":1,"method":"also"}` + "\n",
			`c {"jsonrpc":"2.0","id":1,"result":null}` + "\n",
			`s {"jsonrpc":"2.0","id":1,"result":1}` + "\n",
		}, "client 2 answers 1, 2 answers 1"},
		{"JSON-RPC batch", "line", []string{
			`c [{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]` + "\n",
			`s [{"jsonrpc":"2.0","id":2,"result":0}, {"jsonrpc":"2.0","id":1,"result":0}]` + "\n",
		}, "1 answers 1"},
		{"DAP", "dap", []string{
			"c " + lsp(`{"seq":1,"type":"request","command":"initialize"}`),
			"s " + lsp(`{"seq":1,"type":"event","event":"initialized"}`),
			"s " + lsp(`{"seq":2,"type":"response","request_seq":1,"success":true}`),
			"s " + lsp(`{"seq":3,"type":"request","command":"runInTerminal"}`),
			"c " + lsp(`{"seq":2,"type":"response","request_seq":3}`),
		}, "2 answers 1, client 2 answers 3"},
		{"hat.juggler", "line", []string{
			`c 0{"type": "request", "id": 1, "name": "a", "data": null}` + "\n",
			`c {"type":"request","id":2,"name":"b","data":null}` + "\n",
			`s 0{"type": "state", "diff": [{"op": "replace", "path": "", "value": {"id": 1}}]}` + "\n",
			`s 0{"type": "notify", "name": "n", "data": null}` + "\n",
			`s {"type": "response", "id": 2, "data": 1, "success": true}` + "\n",
			`s 1{"type": "response", "id": 1, "data": [` + "\n",
		}, "3 answers 2, 4 answers 1"},
		{"MQTT", "mqtt", []string{
			"c \x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00",
			"s \x20\x02\x00\x00",
			"c \x32\x05\x00\x01t\x00\x07",
			"c \x34\x05\x00\x01t\x00\x08",
			"s \x50\x02\x00\x08",
			"s \x40\x02\x00\x07",
			"c \x62\x02\x00\x08",
			"s \x70\x02\x00\x08",
			"s \x32\x05\x00\x01t\x00\x01",
			"c \x40\x02\x00\x01",
			"c \xc0\x00",
			"s \xd0\x00",
		}, "1 answers 1, 2 answers 3, 3 answers 2, client 4 answers 2, 4 answers 4, client 5 answers 5, 6 answers 6"},
		{"Redis", "resp", []string{
			"c *1\r\n$4\r\nPING\r\n", "s >2\r\n+a\r\n+b\r\n", "s *3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n", "s +PONG\r\n", "s +surplus\r\n",
		}, "3 answers 1"},
		{"NATS", "nats", []string{
			"s INFO {}\r\n", "c CONNECT {}\r\n", "c PING\r\n", "s PONG\r\n", "c PUB ask _INBOX.1 2\r\nhi\r\n", "s MSG other 2 0\r\n\r\n",
			"s MSG _INBOX.1 1 3\r\nyes\r\n", "s MSG serve 3 reply.9 0\r\n\r\n", "c PUB reply.9 2\r\nok\r\n",
		}, "2 answers 2, 4 answers 3, client 4 answers 5"},
		{"memcached", "memcached", []string{
			"c get a b\r\n", "c set c 0 0 1 noreply\r\nx\r\n", "c version\r\n", "s VALUE a 0 1\r\nx\r\n", "s VALUE b 0 1\r\ny\r\n", "s END\r\n", "s VERSION 1\r\n",
		}, "1 answers 1, 3 answers 1, 4 answers 3"},
		{"PostgreSQL", "postgres", []string{
			"c \x00\x00\x00\x09\x00\x03\x00\x00\x00", "s R\x00\x00\x00\x08\x00\x00\x00\x05", "c p\x00\x00\x00\x05x", "s R\x00\x00\x00\x08\x00\x00\x00\x00",
			"s S\x00\x00\x00\x04", "s Z\x00\x00\x00\x05I",
			"c Q\x00\x00\x00\x05\x00", "s T\x00\x00\x00\x04", "s D\x00\x00\x00\x04", "s C\x00\x00\x00\x04", "s N\x00\x00\x00\x04", "s Z\x00\x00\x00\x05I",
			"c P\x00\x00\x00\x04", "c B\x00\x00\x00\x04", "c D\x00\x00\x00\x04", "c E\x00\x00\x00\x04", "c S\x00\x00\x00\x04",
			"s 1\x00\x00\x00\x04", "s 2\x00\x00\x00\x04", "s T\x00\x00\x00\x04", "s D\x00\x00\x00\x04", "s C\x00\x00\x00\x04", "s Z\x00\x00\x00\x05I",
			"c P\x00\x00\x00\x04", "c E\x00\x00\x00\x04", "c S\x00\x00\x00\x04", "s E\x00\x00\x00\x04", "s Z\x00\x00\x00\x05I",
		}, "1 answers 1, 4 answers 1, 5 answers 3, 9 answers 3, 10 answers 4, 11 answers 5, 12 answers 6, 13 answers 7, 14 answers 7, 15 answers 8, 16 answers 9, 17 answers 11"},
		{"Kafka", "kafka", []string{
			"c \x00\x00\x00\x08\x00\x12\x00\x00\x00\x00\x00\x07", "c \x00\x00\x00\x08\x00\x12\x00\x00\x00\x00\x00\x08",
			"s \x00\x00\x00\x04\x00\x00\x00\x08", "s \x00\x00\x00\x04\x00\x00\x00\x07",
		}, "1 answers 2, 2 answers 1"},
		{"DNS", "dns", []string{
			"c \x00\x0c\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", "c \x00\x0c\x00\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00",
			"s \x00\x0c\x00\x02\x81\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		}, "1 answers 2"},
		{"Modbus", "modbus", []string{"c \x00\x05\x00\x00\x00\x02\x01\x03", "c \x00\x06\x00\x00\x00\x02\x01\x03", "s \x00\x06\x00\x00\x00\x02\x01\x03"}, "1 answers 2"},
		{"MySQL", "mysql", []string{"s \x01\x00\x00\x00\x0a", "c \x01\x00\x00\x01x", "s \x01\x00\x00\x02\x00", "c \x01\x00\x00\x00\x0e", "s \x01\x00\x00\x01\x00", "s \x01\x00\x00\x02\x00"}, "2 answers 1, 3 answers 2"},
		{"STOMP", "stomp", []string{"c CONNECT\n\n\x00", "s CONNECTED\n\n\x00", "c SEND\nreceipt:5\n\nhi\x00", "s MESSAGE\nx:y\n\nhi\x00", "s RECEIPT\nreceipt-id:5\n\n\x00"}, "1 answers 1, 3 answers 2"},
		{"packetstream", "packetstream", []string{"c \x08\x02\x02\x01hello", "c \x08\x03\x02\x01hello", "s \x07\x03\x04hello", "s \x07\x02\x04hello"}, "1 answers 2, 2 answers 1"},
		{"bgpy", "bgpy", []string{
			"c " + bgpyFrame(t, 3, "token", "x"), "s " + bgpyFrame(t, 4, "message", "Received 'AUTH'"), "s " + bgpyFrame(t, 5, "message", "no", "k", "v"),
			"c " + bgpyFrame(t, 4, "message", "Received 'ERROR'"), "c " + bgpyFrame(t, 3, "token", "y"), "s " + bgpyFrame(t, 4, "message", "Received 'AUTH'"),
			"s " + bgpyFrame(t, 4, "message", "yes", "k", "v"), "c " + bgpyFrame(t, 4, "message", "Received 'OK'"), "c " + bgpyFrame(t, 2),
			"s " + bgpyFrame(t, 4, "message", "Received 'EXIT'"),
		}, "1 answers 1, 2 answers 1, client 2 answers 2, 3 answers 3, 4 answers 3, client 4 answers 4, 5 answers 5"},
		{"TLS", "tls", []string{"c \x16\x03\x01\x00\x01x", "s \x16\x03\x03\x00\x01x"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(dialogue(t, c.spelling, c.script...), ", "); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// However much is asked and never answered, memory is bounded, and in order stays
// in order.
func TestUnanswered(t *testing.T) {
	p := New("line")
	now := time.Unix(0, 0)
	const asked = 3 * queueMost
	for i := range asked {
		p.Message(session.Client, i+1, now, nil, []byte("x"))
	}
	if n := cap(p.queue); n > 4*queueMost {
		t.Errorf("%d are kept", n)
	}
	for i := range asked {
		got, _ := p.Message(session.Server, i+1, now, nil, []byte("y"))
		want := i + 1
		if i >= queueMost {
			want = 0
		}
		if got != want {
			t.Fatalf("%d answers %d, want %d", i+1, got, want)
		}
	}
	p.Message(session.Client, asked+1, now, nil, []byte("x"))
	if got, _ := p.Message(session.Server, asked+1, now, nil, []byte("y")); got != asked+1 {
		t.Errorf("the last answers %d", got)
	}
	for i := range 10 * keyedMost {
		p.Message(session.Client, i+1, now, nil, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"m"}`, i))
	}
	if n := len(p.fresh) + len(p.old); n > keyedMost {
		t.Errorf("%d numbers are kept", n)
	}
}

func TestLose(t *testing.T) {
	p := New("line")
	now := time.Unix(0, 0)
	p.Message(session.Client, 1, now, nil, []byte("x"))
	p.Lose()
	p.Message(session.Client, 2, now, nil, []byte(`{"id":1,"method":"m"}`))
	if got, _ := p.Message(session.Server, 1, now, nil, []byte("y")); got != 0 {
		t.Errorf("in order after a loss: %d", got)
	}
	if got, _ := p.Message(session.Server, 2, now, nil, []byte(`{"id":1,"result":0}`)); got != 2 {
		t.Errorf("by number after a loss: %d", got)
	}
}

// A string full of backslashes is read in linear time: in quadratic it would take
// longer than any test may.
func TestManyEscapes(t *testing.T) {
	text := strings.Repeat(strings.Repeat("x", 20)+`\n`, 3<<20)
	msg := []byte(`{"jsonrpc":"2.0","text":"` + text + `","id":7,"method":"m"}`)
	p := New("line")
	p.Message(session.Client, 1, time.Time{}, msg, msg)
	reply := []byte(`{"jsonrpc":"2.0","id":7,"result":0}`)
	if answers, _ := p.Message(session.Server, 1, time.Time{}, reply, reply); answers != 1 {
		t.Errorf("it answers %d", answers)
	}
}

func FuzzMessage(f *testing.F) {
	for _, text := range []string{`{"jsonrpc":"2.0","id":1,"method":"a\"b","params":[{"x":{}}]}`, `[{"id":1,"result":[]},{}]`, "\x30\x05", "PUB a b 1\r\nx\r\n", "{", `{"id":`, `{"a\`} {
		f.Add(text, uint8(0))
	}
	names := []string{"line"}
	for name := range protocols {
		names = append(names, name)
	}
	slices.Sort(names)
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		p := New(names[int(which)%len(names)])
		for i, from := range []session.Side{session.Client, session.Server, session.Client} {
			if to, latency := p.Message(from, i+1, time.Unix(int64(i), 0), []byte(text), []byte(text)); to < 0 || to > i || latency < 0 {
				t.Errorf("message %d answers %d after %v", i+1, to, latency)
			}
		}
		p.Message(session.Server, 1, time.Unix(0, 0), nil, nil)
	})
}
