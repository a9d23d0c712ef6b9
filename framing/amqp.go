package framing

import (
	"strings"

	"github.com/chancat/channel/frame"
)

const (
	amqpPreset  = "u32be,at=3,tail=1,lead=030001,trail=ce"
	amqpHeader  = opening("AMQP\x00\x00\x09\x01")
	amqpTypes   = "\x01\x02\x03\x08" // method, header, body, heartbeat
	amqpEnd     = 0xce
	amqpLengths = 3 // index of the length
)

// AMQP frames as AMQP 0-9-1 does. The client's stream starts with the protocol
// header, which is a frame of its own; a server that refuses it answers with one.
// The byte that ends a frame is checked. What is sent is a content body on
// channel 1.
var AMQP = register(Spec{
	Name:   "amqp",
	Doc:    "AMQP 0-9-1: type, channel, size, payload, ce; the protocol header is a frame",
	Preset: amqpPreset,
	Codec:  &amqp{presetField(amqpPreset)},
})

type amqp struct{ *lengthField }

func (c *amqp) ScanFirst(buf []byte, st *frame.State) (frame.Span, int, error) {
	if amqpHeader.starts(buf) {
		return amqpHeader.scan(buf)
	}
	return c.Scan(buf, st)
}

func (c *amqp) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if len(buf) > 0 && strings.IndexByte(amqpTypes, buf[0]) < 0 {
		return frame.Span{}, 0, frame.Malformed(0, "frame type %d: want 1, 2, 3 or 8", buf[0])
	}
	sp, need, err := c.lengthField.Scan(buf, st)
	if err != nil || need > 0 {
		return sp, need, err
	}
	if end := buf[sp.Len()-1]; end != amqpEnd {
		return frame.Span{}, 0, frame.Malformed(sp.Len()-1, "after the %d bytes of the payload: got %02x, want ce", sp.Body, end)
	}
	return sp, 0, nil
}

// LengthOffset points at the size; the protocol header has none.
func (c *amqp) LengthOffset(raw []byte) int {
	if amqpHeader.starts(raw) {
		return 0
	}
	return amqpLengths
}
