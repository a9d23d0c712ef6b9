package framing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
)

func TestSLIP(t *testing.T) {
	testEncode(t, []encodeTest{
		{"slip", "hi", "\xc0hi\xc0", ""},
		{"slip", "\xc0\xdb\xdc\xdd", "\xc0\xdb\xdc\xdb\xdd\xdc\xdd\xc0", ""},
		{"slip", "", "", "it is empty; two END bytes with nothing between them are no frame"},
	})
	testDecode(t, []decodeTest{
		{"slip", "\xc0a\xdbb\xc0", []string{"frame at byte 0: byte 3: malformed frame: got 62 after ESC (db), want dc or dd"}},
		{"slip,max=3", "abcd\xc0", []string{"frame at byte 0: frame too large: the body does not end within the limit of 3 bytes"}},
	})
}

// Behind a broken frame the next one is found by the delimiter.
func TestStuffingResync(t *testing.T) {
	for spelling, in := range map[string]string{
		"slip":       "\xc0a\xdbb\xdb\xdcc\xc0hi\xc0",
		"slip,max=2": "\xc0abcdef\xc0hi\xc0",
		"cobs":       "\x05ab\x00\x03hi\x00",
		"cobs,max=3": "\x07abcdef\x00\x03hi\x00",
	} {
		d := parse(t, spelling).C2S
		r := frame.NewReader(strings.NewReader(in), d.Codec, d.Max)
		if _, err := r.Next(); err == nil {
			t.Fatalf("%s: %q: no error", spelling, in)
		}
		if _, err := r.Resync(); err != nil {
			t.Fatalf("%s: %q: Resync: %v", spelling, in, err)
		}
		f, err := r.Next()
		if got := string(r.Message(f)); got != "hi" || err != nil {
			t.Errorf("%s: %q: after the broken frame %q, error %v", spelling, in, got, err)
		}
	}
}

// Delimiters before a frame are held until it is whole, so there is an end to them.
func TestIdleIsBounded(t *testing.T) {
	for spelling, delimiter := range map[string]string{"slip": "\xc0", "cobs": "\x00"} {
		c := codec(t, spelling)
		raw, err := c.AppendFrame(nil, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		short := strings.TrimPrefix(string(raw), delimiter)
		idle := strings.Repeat(delimiter, 4096)
		if sp, need, err := c.Scan([]byte(idle+short), &frame.State{}); sp.Head != 4096 || need != 0 || err != nil {
			t.Errorf("%s: 4096 delimiters: %+v, need %d, error %v", spelling, sp, need, err)
		}
		_, _, err = c.Scan([]byte(idle+delimiter), &frame.State{})
		if e, ok := errors.AsType[*frame.Error](err); !ok || e.Offset != 4096 {
			t.Errorf("%s: 4097 delimiters: error %v, want one at byte 4096", spelling, err)
		}
	}
}
