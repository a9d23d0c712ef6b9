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
		{"slip,max=3", "abcd\xc0", []string{"frame at byte 0: byte 0: frame too large: the body does not end within the limit of 3 bytes"}},
	})
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
