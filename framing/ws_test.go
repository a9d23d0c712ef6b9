package framing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestWebSocket(t *testing.T) {
	testEncode(t, []encodeTest{
		{"ws", "Hello", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", ""}, // RFC 6455 §5.7
		{"ws", "\xff", "\x82\x81\x37\xfa\x21\x3d\xc8", ""},
		{"ws", "", "\x81\x80\x37\xfa\x21\x3d", ""},
	})
	testDecode(t, []decodeTest{
		{"ws", "\x81\x05Hello", []string{"frame at byte 0: byte 1: malformed frame: the frame is not masked; a client must mask"}},
		{"ws", "\x81\xfe\x00\x05....", []string{"frame at byte 0: byte 2: malformed frame: length 5 in 16 bits: it must be in 7"}},
		{"ws,max=9", "GET / HTTP/1.1\r\n\r\n", []string{"frame at byte 0: frame too large: a body of 18 bytes, the limit is 9"}},
	})
}

func TestWebSocketServer(t *testing.T) {
	for n, head := range map[int]string{
		0: "\x81\x00", 125: "\x81\x7d", 126: "\x81\x7e\x00\x7e", 65_535: "\x81\x7e\xff\xff", 65_536: "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
	} {
		msg := strings.Repeat("x", n)
		got, err := framing.WSServer.AppendFrame(nil, []byte(msg))
		if err != nil || string(got) != head+msg {
			t.Errorf("%d bytes: head %x, error %v; want %x", n, got[:len(got)-n], err, head)
		}
	}
}

func TestWebSocketHeadIsBounded(t *testing.T) {
	in := "GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 70_000)
	_, _, err := framing.WS.(frame.FirstScanner).ScanFirst([]byte(in), &frame.State{})
	if e, ok := errors.AsType[*frame.Error](err); !ok || e.Offset != 64<<10 {
		t.Errorf("a head without end: error %v, want one at byte %d", err, 64<<10)
	}
}
