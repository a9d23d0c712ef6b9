package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// A Composer is a codec whose frames say more than a body (docs/spec.md §4.4). What
// a person types is no such frame yet: it is composed before it is sent.
type Composer interface {
	frame.Codec

	// Compose appends to dst the message that typed means; what is one frame
	// already is appended as it is. Otherwise it returns dst as it was and an
	// error made by [frame.Refuse].
	Compose(dst, typed []byte) ([]byte, error)
}

// composeLine appends typed as a line of the protocol of c.
func composeLine(c frame.Codec, dst, typed []byte) ([]byte, error) {
	composed, err := c.AppendFrame(dst, append(bytes.Clone(typed), "\r\n"...))
	if err != nil {
		return dst, err
	}
	return composed, nil
}

// cutWords takes n words off the start of typed. rest is what stands behind the
// blank after them; ok means that there were as many.
func cutWords(typed []byte, n int) (before, rest []byte, ok bool) {
	rest = typed
	for i := range n {
		if i > 0 {
			rest = bytes.TrimLeft(rest, " \t")
		}
		end := bytes.IndexAny(rest, " \t")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, nil, false
		}
		rest = rest[end:]
	}
	before = typed[:len(typed)-len(rest)]
	if len(rest) > 0 {
		rest = rest[1:]
	}
	return before, rest, true
}
