package inflate

import (
	"bytes"
	"compress/flate"
	"testing"
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
			if got := m.Message(0xc1, s.message(t, text), 1<<20); string(got) != text {
				t.Errorf("keep %t: got %.40q, want %.40q", keep, got, text)
			}
			if m.Message(0x81, []byte("plain"), 100) != nil || m.Message(0x8a, nil, 100) != nil || m.Message('G', nil, 100) != nil {
				t.Error("what is not compressed was inflated")
			}
		}
		if len(m.dict) > window {
			t.Errorf("%d bytes kept", len(m.dict))
		}
	}
}

func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct {
		first   byte
		payload []byte
	}{
		"damaged":     {0xc1, []byte("\xff\xff\xff")},
		"too large":   {0xc1, (&sender{}).message(t, string(make([]byte, 1000)))},
		"in fragment": {0x41, (&sender{}).message(t, "half")},
	} {
		m := &Messages{}
		if got := m.Message(c.first, c.payload, 100); got != nil {
			t.Errorf("%s: got %q", name, got)
		}
		if got := m.Message(0xc1, (&sender{}).message(t, "next"), 100); got != nil {
			t.Errorf("%s: then %q", name, got)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(byte(0xc1), []byte("\xaaV*\x04\x00"))
	f.Fuzz(func(t *testing.T, first byte, payload []byte) {
		m := &Messages{}
		for range 2 {
			if got := m.Message(first, payload, 1000); len(got) > 1000 || len(m.dict) > window {
				t.Fatal("too much")
			}
		}
	})
}
