package tap

import "github.com/chancat/channel/frame"

// A window is one direction as its reader looks at it: in the block where it lies.
type window struct {
	frame.Feed
	block *block // in which what the reader looks at lies; nil for memory that will be used again soon
}

// give sets the next piece of the stream, in the block that the window holds
// already or, where it holds none, from now on.
func (w *window) give(piece []byte, b *block) {
	w.Give(piece)
	if w.block == nil && b != nil {
		w.block = b
		b.retain()
	}
}

// free lets go of the block.
func (w *window) free() {
	w.Give(nil) // even an empty piece would keep the block's memory
	if w.block != nil {
		w.block.release()
		w.block = nil
	}
}
