package repl

import (
	"bytes"
	"testing"

	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// What came behind a broken frame and is no longer kept still counts: frames that
// are found behind it stand where they stand in the stream.
func TestResyncBehindForgotten(t *testing.T) {
	f, err := framing.Parse("msg")
	if err != nil {
		t.Fatal(err)
	}
	in := newInbound(f.S2C)
	var found []int64
	each := func(f wire.Frame, _ []byte) { found = append(found, f.Offset) }
	if err := in.feed([]byte("\r\nMXG"), false, each); err == nil {
		t.Fatal("a broken frame is none")
	}
	at := int64(len("\r\nMXG"))
	for range 2 * receivedMost >> 20 {
		junk := bytes.Repeat([]byte("x"), 1<<20)
		in.feed(junk, false, each)
		at += int64(len(junk))
	}
	const frames = "\r\nMSG 1\r\nA\r\nMSG 1\r\nB"
	in.feed([]byte(frames), false, each)
	if err := in.resync(each); err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found[0] != at || found[1] != at+int64(len(frames))/2 {
		t.Errorf("frames at %v, want one at %d", found, at)
	}
}
