package answer

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// unframed hides what a codec does at the start of a stream only.
type unframed struct{ frame.Codec }

func newReader(raw []byte, c frame.Codec) *frame.Reader {
	if _, first := c.(frame.FirstScanner); first {
		c = unframed{c}
	}
	return frame.NewReader(bytes.NewReader(raw), c, 1<<20)
}
