package framing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
)

func TestChunked(t *testing.T) {
	testEncode(t, []encodeTest{
		{"chunked", "hello", "5\r\nhello\r\n", ""},
		{"chunked", strings.Repeat("x", 171), "ab\r\n" + strings.Repeat("x", 171) + "\r\n", ""},
		{"chunked", "", "0\r\n\r\n", ""},
	})
	testDecode(t, []decodeTest{
		{"chunked", "5\nhello\n", []string{`frame at byte 0: byte 1: malformed frame: chunk size: got '\n', want hexadecimal digits and CR LF`}},
		{"chunked", "4\r\nhello\r\n", []string{`frame at byte 0: byte 7: malformed frame: after the 4 bytes of the chunk: got 'o', want '\r'`}},
		{"chunked", "0\r\nHTTP/1.1 200 OK\r\n", []string{`frame at byte 0: byte 3: malformed frame: header line "HTTP/1.1 200 OK": want NAME: VALUE`}},
	})
}

// Nothing of a chunk but its body grows without a limit of its own.
func TestChunkedIsBounded(t *testing.T) {
	for _, c := range []struct {
		in      string
		broken  int
		because string
	}{
		{"0" + strings.Repeat("0", 16), 16, "digits"},
		{"5" + strings.Repeat(" ", 5000), 4096, "blanks"},
		{"5;" + strings.Repeat("e", 5000), 4096, "an extension"},
		{"0\r\nA:" + strings.Repeat("x", 70_000), 3 + 64<<10, "a trailer"},
		{"0\r\n" + strings.Repeat("A:x\r\n", 14_000), 3 + 64<<10, "trailers"},
	} {
		_, _, err := codec(t, "chunked").Scan([]byte(c.in), &frame.State{})
		if e, ok := errors.AsType[*frame.Error](err); !ok || e.Offset != int64(c.broken) {
			t.Errorf("%s without end: error %v, want one at byte %d", c.because, err, c.broken)
		}
	}
}
