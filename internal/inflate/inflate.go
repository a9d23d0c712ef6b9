// Package inflate reads the messages of a WebSocket whose ends agreed on
// permessage-deflate (RFC 7692), for showing them to people.
package inflate

import (
	"bytes"
	"compress/flate"
	"io"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
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

	continued = 0
	text      = 1
	binary    = 2
)

// Messages is one direction of a WebSocket. The zero value is at its start; nil is a
// direction of something else.
type Messages struct {
	dict  []byte // the end of what came before, as far as it is known
	parts []byte // payload of a message in several frames, as far as it has come
	more  bool   // the rest of parts is to come
}

// Of returns the Messages of what c frames.
func Of(c frame.Codec) *Messages {
	if c == framing.WS || c == framing.WSServer || c == framing.WSEither {
		return new(Messages)
	}
	return nil
}

// Message returns what the frame raw, which has the unmasked payload, says, if it is a
// compressed message or the last frame of one; else nil. A message has no more than
// max bytes, compressed or not. One that is larger or damaged is nil, and so are those
// that refer back to it.
func (m *Messages) Message(raw, payload []byte, max int) []byte {
	if m == nil || len(raw) == 0 {
		return nil
	}
	last := raw[0]&fin != 0
	switch raw[0] & opcode {
	case continued:
		if !m.more {
			return nil
		}
		m.more = !last
		m.parts = append(m.parts, payload...)
		payload = m.parts
	case text, binary:
		if raw[0]&rsv1 == 0 {
			return nil
		}
		if m.more = !last; m.more {
			m.parts = append(m.parts[:0], payload...)
		}
	default:
		return nil
	}
	if len(payload) > max {
		m.Lose()
		return nil
	}
	if !last {
		return nil
	}
	return m.inflate(payload, max)
}

func (m *Messages) inflate(payload []byte, max int) []byte {
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(payload), bytes.NewReader([]byte(tail))), m.dict)
	plain, err := io.ReadAll(io.LimitReader(r, int64(max)+1))
	if err != nil || len(plain) > max {
		m.Lose()
		return nil
	}
	m.dict = append(m.dict, plain...)
	m.dict = append([]byte(nil), m.dict[len(m.dict)-min(len(m.dict), window):]...)
	m.parts = nil
	return plain
}

// Lose says that not all that came before is known. What refers to it is an error of
// the decompressor, which has only what came since.
func (m *Messages) Lose() {
	if m != nil {
		*m = Messages{}
	}
}
