package frametest

import (
	"testing"

	"github.com/chancat/channel/frame"
)

// Allocs checks that neither Scan nor AppendFrame into a large enough buffer
// allocates. Under the race detector, which allocates itself, it does nothing.
func Allocs(t TB, c frame.Codec, msg []byte) {
	t.Helper()
	if raceEnabled {
		return
	}
	raw, err := c.AppendFrame(nil, msg)
	if err != nil {
		return
	}
	var st frame.State
	if n := testing.AllocsPerRun(20, func() {
		st = frame.State{}
		c.Scan(raw[:len(raw)/2], &st)
		c.Scan(raw, &st)
	}); n != 0 {
		t.Errorf("Scan(%q) allocates %v times", clip(raw), n)
	}
	dst := make([]byte, 0, 2*len(raw)+64)
	if n := testing.AllocsPerRun(20, func() { c.AppendFrame(dst, msg) }); n != 0 {
		t.Errorf("AppendFrame(%q) into %d bytes of spare capacity allocates %v times", clip(msg), cap(dst), n)
	}
	a, ok := c.(frame.MessageAppender)
	if !ok {
		return
	}
	sp, _, _ := c.Scan(raw, &frame.State{})
	if n := testing.AllocsPerRun(20, func() { a.AppendMessage(dst, raw, sp) }); n != 0 {
		t.Errorf("AppendMessage(%q) into %d bytes of spare capacity allocates %v times", clip(raw), cap(dst), n)
	}
}

func checkAllocs(t TB, c Case) {
	for _, m := range c.Messages {
		Allocs(t, c.Codec, m)
	}
}
