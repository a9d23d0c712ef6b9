package framing

import "github.com/chancat/channel/frame"

// An opening is a fixed text with which a stream may start. It is a frame of its
// own, all body.
type opening string

func (o opening) scan(buf []byte) (frame.Span, int, error) {
	for i := range min(len(buf), len(o)) {
		if buf[i] != o[i] {
			return frame.Span{}, 0, frame.Malformed(i, "opening: got %q, want %q of %q", buf[i], o[i], string(o))
		}
	}
	return frame.Span{Body: len(o)}, max(0, len(o)-len(buf)), nil
}

// starts reports whether buf starts with the first byte of o, which no other
// frame of the protocol does.
func (o opening) starts(buf []byte) bool { return len(buf) > 0 && buf[0] == o[0] }
