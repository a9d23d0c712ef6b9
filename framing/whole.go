package framing

import (
	"errors"

	"github.com/chancat/channel/frame"
)

// appendWhole is AppendFrame for a codec whose message is the whole frame. The rest
// are what Scan says of msg.
func appendWhole(dst, msg []byte, what string, sp frame.Span, need int, err error) ([]byte, error) {
	switch {
	case err != nil:
		return dst, refuseBroken(what, err)
	case need > 0:
		return dst, frame.Refuse("not %s: it lacks at least %d bytes at its end", what, need)
	case sp.Head > 0:
		return dst, frame.Refuse("not %s: that begins at byte %d", what, sp.Head)
	case sp.Len() < len(msg):
		return dst, frame.Refuse("not %s: that ends at byte %d of %d", what, sp.Len(), len(msg))
	}
	return append(dst, msg...), nil
}

// refuseBroken is the refusal of a message that Scan finds broken.
func refuseBroken(what string, err error) error {
	if e, ok := errors.AsType[*frame.Error](err); ok {
		return frame.Refuse("not %s: byte %d: %v", what, e.Offset, e.Err)
	}
	return frame.Refuse("not %s: %v", what, err)
}
