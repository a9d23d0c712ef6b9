package framing_test

import (
	"strings"
	"testing"
)

func TestCOBS(t *testing.T) {
	run := strings.Repeat("x", 254)
	testEncode(t, []encodeTest{
		{"cobs", "hi", "\x03hi\x00", ""},
		{"cobs", "\x00", "\x01\x01\x00", ""},
		{"cobs", "a\x00b\x00", "\x02a\x02b\x01\x00", ""},
		{"cobs", run, "\xff" + run + "\x00", ""},
		{"cobs", run + "\x00", "\xff" + run + "\x01\x01\x00", ""},
		{"cobs", run + run + "y", "\xff" + run + "\xff" + run + "\x02y\x00", ""},
		{"cobs", "", "", "it is empty; a delimiter behind a delimiter is no frame"},
	})
	testDecode(t, []decodeTest{
		{"cobs", "\x05ab\x00cd\x00", []string{"frame at byte 0: byte 3: malformed frame: a zero 3 bytes behind the code 05, which promises 4 others"}},
	})
}
