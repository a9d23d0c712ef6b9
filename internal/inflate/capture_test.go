package inflate_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/inflate"
)

// A recording of two real programs, both of which compress, says what it said.
func TestCapture(t *testing.T) {
	text, err := os.ReadFile("../../proto/juggler/testdata/captures/juggler07_js_stateseq.json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Chunks  []struct{ Dir, Hex string }
		Decoded []struct {
			Dir, Opcode, Text string
			Deflated          bool
		}
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	for dir, codec := range map[string]frame.Codec{"c2s": framing.WS, "s2c": framing.WSServer} {
		var stream []byte
		for _, chunk := range c.Chunks {
			if b, err := hex.DecodeString(chunk.Hex); err == nil && chunk.Dir == dir {
				stream = append(stream, b...)
			}
		}
		var got, want []string
		for _, m := range c.Decoded {
			if m.Dir == dir && m.Deflated {
				want = append(want, m.Text)
			}
		}
		r, plain := frame.NewReader(bytes.NewReader(stream), codec, framing.DefaultMax), inflate.Of(codec)
		for f, err := range r.Frames() {
			if err != nil {
				t.Fatal(err)
			}
			if msg := plain.Message(f.Raw, r.Message(f), framing.DefaultMax); msg != nil {
				got = append(got, string(msg))
			}
		}
		if len(got) != len(want) || len(want) == 0 {
			t.Fatalf("%s: %d messages, want %d", dir, len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: got %s, want %s", dir, got[i], want[i])
			}
		}
	}
}
