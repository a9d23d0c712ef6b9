// Package inflate reads the messages of a WebSocket whose ends agreed on
// permessage-deflate (RFC 7692), for showing them to people.
package inflate

import (
	"bytes"
	"compress/flate"
	"io"
)

const (
	window = 32 << 10 // bytes that a message may refer back to

	// tail is what a sender leaves out of each message, and an empty last block, so
	// that the decompressor sees an end.
	tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
)

// The first byte of a frame, RFC 6455 §5.2.
const (
	fin    = 0x80
	rsv1   = 0x40
	opcode = 0x0f
	text   = 1
	binary = 2
)

// Messages is one direction of a WebSocket. The zero value is at its start.
type Messages struct {
	dict []byte // the end of what came before
	deaf bool   // what came before is not known
}

// Message returns what the frame that begins with first and has the unmasked
// payload says, if it is a compressed message; else nil. The result has no more
// than max bytes. A message that is larger, damaged or spread over several frames
// is nil, and so is what comes after it, which may refer back to it.
func (m *Messages) Message(first byte, payload []byte, max int) []byte {
	if kind := first & opcode; first&rsv1 == 0 || kind != text && kind != binary || m.deaf {
		return nil
	}
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(payload), bytes.NewReader([]byte(tail))), m.dict)
	plain, err := io.ReadAll(io.LimitReader(r, int64(max)+1))
	if err != nil || len(plain) > max || first&fin == 0 {
		m.deaf, m.dict = true, nil
		return nil
	}
	m.dict = append(m.dict, plain...)
	m.dict = append([]byte(nil), m.dict[len(m.dict)-min(len(m.dict), window):]...)
	return plain
}
