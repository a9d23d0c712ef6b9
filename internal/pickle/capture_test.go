package pickle

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"testing"
)

// A recorded message of bgpy, as testdata/captures/README.md has it.
type recorded struct {
	Dir    string
	Conn   int
	Type   string
	Enum   string `json:"enum_form"`
	Args   map[string]any
	Pickle int `json:"pickle_len"`
}

var messageTypes = []string{"INIT", "EXEC", "EXIT", "AUTH", "OK", "ERROR"}

// The pickles of a real program decode to what it said.
func TestCaptures(t *testing.T) {
	for _, name := range []string{"bgpy_exec_await", "bgpy_session_py312"} {
		messages, bodies := capture(t, name)
		for i, want := range messages {
			key := fmt.Sprint(want.Dir, want.Conn)
			if len(bodies[key]) == 0 {
				t.Fatalf("%s: %d messages only", name, i)
			}
			p := bodies[key][0]
			bodies[key] = bodies[key][1:]
			n, size, err := Decode(p, nil)
			if err != nil || size != want.Pickle {
				t.Fatalf("%s: message %d: %d bytes, %v", name, i, size, err)
			}
			if !n.New || !n.Callable().Is("bgpy.core.message", "Message") || n.State() == nil {
				t.Fatalf("%s: message %d: %s", name, i, sketch(n))
			}
			slots := plain(n.State().Items[1]).(map[string]any)
			if slots["type"] != want.Type || !reflect.DeepEqual(slots["args"], want.Args) {
				t.Errorf("%s: message %d: %v, want %+v", name, i, slots, want)
			}
			if again, err := Append(nil, n, current); err != nil {
				t.Error(err)
			} else if n2, _, err := Decode(again, nil); err != nil || sketch(n2) != sketch(n) {
				t.Errorf("%s: message %d: %v\n%s\n%s", name, i, err, sketch(n2), sketch(n))
			}
		}
	}
}

func TestMaliciousCapture(t *testing.T) {
	_, bodies := capture(t, "bgpy_pickle_code_execution")
	n, _, err := Decode(bodies["c2s0"][0], nil)
	if err != nil || !n.Callable().Is("os", "mkdir") {
		t.Errorf("%v, %v", n, err)
	}
}

// capture returns the messages of a recording, and the pickles by direction and
// connection.
func capture(t *testing.T, name string) ([]recorded, map[string][][]byte) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/captures/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Chunks []struct {
			Dir  string
			Conn int
			Hex  string
		}
		Decoded []recorded
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	streams := map[string][]byte{}
	for _, chunk := range c.Chunks {
		b, err := hex.DecodeString(chunk.Hex)
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint(chunk.Dir, chunk.Conn)
		streams[key] = append(streams[key], b...)
	}
	bodies := map[string][][]byte{}
	for key, stream := range streams {
		for len(stream) > 0 {
			size, err := strconv.Atoi(string(bytes.TrimRight(stream[:16], " ")))
			if err != nil {
				t.Fatal(err)
			}
			p, err := base64.StdEncoding.DecodeString(string(stream[16 : 16+size]))
			if err != nil {
				t.Fatal(err)
			}
			bodies[key] = append(bodies[key], p)
			stream = stream[16+size:]
		}
	}
	return c.Decoded, bodies
}

// plain returns n as the recording has it.
func plain(n *Node) any {
	switch n.Kind {
	case KindNone:
		return nil
	case KindBool:
		return n.Bool()
	case KindInt:
		v, _ := n.Int()
		return float64(v)
	case KindStr:
		return n.Text
	case KindGlobal:
		module, name := n.Name()
		return "<global " + module + "." + name + ">"
	case KindDict:
		m := map[string]any{}
		for i := 0; i < len(n.Items); i += 2 {
			m[n.Items[i].Text] = plain(n.Items[i+1])
		}
		return m
	case KindObject: // a member of MessageType, in one of two forms
		if n.Callable().Is("bgpy.core.message", "MessageType") {
			v, _ := n.Args().Items[0].Int()
			return messageTypes[v]
		}
		return n.Args().Items[1].Text
	}
	return sketch(n)
}
