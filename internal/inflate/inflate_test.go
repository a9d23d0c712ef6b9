package inflate

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// sender compresses as one end of a WebSocket does, with context takeover or not.
type sender struct {
	out  bytes.Buffer
	w    *flate.Writer
	keep bool
}

func (s *sender) message(t *testing.T, text string) []byte {
	if s.w == nil || !s.keep {
		s.w, _ = flate.NewWriter(&s.out, flate.BestCompression)
	}
	s.out.Reset()
	s.w.Write([]byte(text))
	s.w.Flush()
	b, ok := bytes.CutSuffix(bytes.Clone(s.out.Bytes()), []byte("\x00\x00\xff\xff"))
	if !ok {
		t.Fatal("no flush")
	}
	return b
}

func TestMessages(t *testing.T) {
	for _, keep := range []bool{true, false} {
		s, m := &sender{keep: keep}, &Messages{}
		for _, text := range []string{`{"a":1}`, "", `{"a":1}`, string(bytes.Repeat([]byte("long "), 20_000)), `{"a":1} long long`} {
			if got := m.Message([]byte{0xc1}, s.message(t, text), 1<<20); string(got) != text {
				t.Errorf("keep %t: got %.40q, want %.40q", keep, got, text)
			}
			for _, raw := range []string{"\x81", "\x8a", "GET", "HTTP", ""} {
				if m.Message([]byte(raw), []byte("\xaaV*\x04\x00"), 100) != nil {
					t.Errorf("%q, which is not compressed, was inflated", raw)
				}
			}
		}
		if len(m.dict) > window {
			t.Errorf("%d bytes kept", len(m.dict))
		}
	}
}

// What refers to a message that cannot be read cannot be read either; what does not
// can.
func TestUnreadable(t *testing.T) {
	half := "half of it, half of it"
	for name, c := range map[string]struct {
		first byte
		spoil func([]byte) []byte
		text  string
	}{
		"damaged":   {0xc1, func(b []byte) []byte { return append([]byte("\xff\xff\xff"), b...) }, half},
		"too large": {0xc1, bytes.Clone, half + string(make([]byte, 1000))},
		"cut short": {0x41, bytes.Clone, half},
	} {
		s, m := &sender{keep: true}, &Messages{}
		if got := m.Message([]byte{c.first}, c.spoil(s.message(t, c.text)), 100); got != nil {
			t.Errorf("%s: got %q", name, got)
		}
		if got := m.Message([]byte{0xc1}, s.message(t, "refers to half of it"), 100); got != nil {
			t.Errorf("%s: then %q", name, got)
		}
		if got := m.Message([]byte{0xc1}, (&sender{}).message(t, "refers to nothing"), 100); string(got) != "refers to nothing" {
			t.Errorf("%s: then got %q", name, got)
		}
	}
	var none *Messages
	none.Lose()
	if got := none.Message([]byte{0xc1}, (&sender{}).message(t, "text"), 100); got != nil {
		t.Errorf("of no WebSocket: %q", got)
	}
}

// A message in several frames is told with the last of them, whatever control frames
// come between, and the next may refer to it.
func TestFragments(t *testing.T) {
	s, m := &sender{keep: true}, &Messages{}
	text := "one message in three frames"
	whole := s.message(t, text)
	for i, f := range []struct {
		first   byte
		payload []byte
		want    string
	}{
		{0x41, whole[:5], ""}, {0x89, []byte("ping"), ""}, {0x00, whole[5:9], ""}, {0x80, whole[9:], text},
		{0xc2, s.message(t, text), text},
		{0x01, []byte("not"), ""}, {0x80, []byte("compressed"), ""},
		{0x41, nil, ""}, {0x00, make([]byte, 101), ""}, {0x80, nil, ""},
		{0xc1, s.message(t, text), ""},
		{0xc1, (&sender{}).message(t, "anew"), "anew"},
	} {
		if got := m.Message([]byte{f.first}, f.payload, 100); string(got) != f.want {
			t.Errorf("frame %d: got %q, want %q", i, got, f.want)
		}
	}
}

// A limit is what a message may have, in both forms.
func TestLimit(t *testing.T) {
	text := strings.Repeat("x", 100)
	for max, want := range map[int]string{99: "", 100: text} {
		if got := new(Messages).Message([]byte{0xc1}, (&sender{}).message(t, text), max); string(got) != want {
			t.Errorf("max %d: got %d bytes, want %d", max, len(got), len(want))
		}
	}
	payload := (&sender{}).message(t, "a")
	for max, want := range map[int]string{len(payload) - 1: "", len(payload): "a"} {
		if got := new(Messages).Message([]byte{0xc1}, payload, max); string(got) != want {
			t.Errorf("max %d for a payload of %d: got %q, want %q", max, len(payload), got, want)
		}
	}
}

func TestOf(t *testing.T) {
	for _, c := range []frame.Codec{framing.WS, framing.WSServer, framing.WSEither} {
		if Of(c) == nil {
			t.Errorf("%T is not taken for a WebSocket", c)
		}
	}
	if Of(framing.MSG) != nil {
		t.Error("msg is taken for a WebSocket")
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(byte(0xc1), []byte("\xaaV*\x04\x00"))
	f.Add(byte(0x41), []byte("\xaaV*\x04\x00"))
	f.Fuzz(func(t *testing.T, first byte, payload []byte) {
		m := &Messages{}
		for _, first := range []byte{first, first, 0x00, 0x80} {
			if got := m.Message([]byte{first}, payload, 1000); len(got) > 1000 || len(m.dict) > window || len(m.parts) > 1000 {
				t.Fatal("too much")
			}
		}
	})
}
