package framing_test

import (
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
)

func TestMSGRefusesLeadingZeroAtOnce(t *testing.T) {
	_, need, err := framing.MSG.Scan([]byte("\r\nMSG 05"), &frame.State{})
	if err == nil {
		t.Errorf("a length of 05 needs %d more bytes; nothing can make it valid", need)
	}
}

// codec returns the codec of a spelling.
func codec(t testing.TB, spelling string) frame.Codec {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	return f.C2S.Codec
}

// 2^32+1 is 1 in 32 bits.
func TestLenientMSGLengthDoesNotOverflow(t *testing.T) {
	got := frametest.Drain(strings.NewReader("\r\nMSG 4294967297\nx"), codec(t, "msg,lenient"), 100)
	if len(got.Frames) > 0 || got.Error == nil || got.Error.Offset != 15 {
		t.Errorf("got %v, want the tenth digit, at byte 15, refused", got)
	}
}

// Whatever fills a head, it has an end.
func TestLenientMSGHeadIsBounded(t *testing.T) {
	for _, fill := range []struct{ before, endless, after string }{
		{"\r\n", " ", ""},
		{"\r\nMSG ", "0", ""},
		{"\r\nMSG 5", " ", ""},
		{"\r\n" + strings.Repeat(" ", 254) + "MSG ", "0", ""},
		{"\r\n" + strings.Repeat(" ", 253), "", "MSG 1\nx"},
	} {
		in := fill.before + strings.Repeat(fill.endless, 1000) + fill.after
		c := codec(t, "msg,lenient")
		got := frametest.Drain(strings.NewReader(in), c, 100)
		if len(got.Frames) > 0 || got.Error == nil || got.Error.Offset > 256 {
			t.Errorf("%.300q: got %v, want a broken frame after at most 256 bytes", in, got)
		}
		frametest.Chunking(t, c, []byte(in))
		frametest.Prefix(t, c, []byte(in))
	}
}

func TestMSGResync(t *testing.T) {
	testResync(t, "msg", map[string]int{
		"": 0, "x": 1, "\r\nMSG 1\r\nx": 0, "x\r\nMSG ": 1, "x\r\nM": 1, "\r\r\nMSG 2": 1, "\r\nMXG 1": 7, "x\r": 1, "\r\n\r\nMSG": 2,
	})
}
