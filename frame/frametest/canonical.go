package frametest

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// Canonical checks that each frame of in is the one that its message is encoded
// as. It is a property of codecs that say so.
func Canonical(t TB, c frame.Codec, in []byte) {
	t.Helper()
	in = in[:min(len(in), longest)]
	for _, f := range Drain(bytes.NewReader(in), c, noLimit).Frames {
		if _, ok := c.(frame.FirstScanner); ok && f.Offset == 0 {
			continue // AppendFrame makes no openings
		}
		got, err := c.AppendFrame(nil, []byte(f.Message))
		if err != nil || string(got) != f.Raw {
			t.Fatalf("the frame %q was accepted, its message %q is encoded as %q, %v; a codec that accepts both is not canonical", clip([]byte(f.Raw)), clip([]byte(f.Message)), clip(got), err)
		}
	}
}

func checkCanonical(t TB, c Case) {
	if !c.Canonical {
		return
	}
	damaged(stream(t, c), func(in []byte) { Canonical(t, c.Codec, in) })
}
