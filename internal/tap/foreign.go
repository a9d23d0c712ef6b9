package tap

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A foreign looks for text on a child's stdout that is a frame by accident: in a
// framing of lines any text is one. Where the client has spoken JSON, a line that
// is none is not the protocol's.
type foreign struct{ told int }

// foreignMost bounds how often it is told.
const foreignMost = 5

// judge returns what to say about the message of a side; empty for nothing.
func (f *foreign) judge(d *decoder, side int, msg []byte) string {
	if !d.t.o.Wraps || f.told == foreignMost {
		return ""
	}
	if side == fromClient {
		d.json = d.json || isObject(msg) && json.Valid(msg)
		return ""
	}
	if !d.json || isObject(msg) && json.Valid(msg) {
		return ""
	}
	f.told++
	text := fmt.Sprintf("stdout polluted: %.60q is no JSON, which the client speaks; let the program print to stderr", msg)
	if f.told == foreignMost {
		text += " (more like it are not told)"
	}
	return text
}

func isObject(msg []byte) bool {
	msg = bytes.TrimLeft(msg, " \t\r\n")
	return len(msg) > 0 && (msg[0] == '{' || msg[0] == '[')
}
