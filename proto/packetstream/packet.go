package packetstream

import (
	"fmt"
	"math"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A Packet is the content of one frame, field by field as on the wire.
type Packet struct {
	Request bool
	Tag     uint64
	Channel uint64
	Type    uint64 // of a request: the application's plus 1; 0 in ERQ and EOF
	Flags   uint64 // of a request: the application's; of a response: the application's << 1 | ok
	Payload []byte

	// ExplicitChannel says that the channel is written out although it is 0. Readers
	// accept that; no real sender does it.
	ExplicitChannel bool
}

// The bits of the flags word. The flags of the packet stand above them.
const (
	hasChannel = 1 << iota
	isRequest

	flagBits = iota

	okFlag = 1 // in the flags of a response
)

const (
	tagEOF = 0
	tagERQ = 1

	firstTag = 2 // of requests on channel 0; on other channels 0

	maxNumber = 10 // bytes of a number: a 64-bit one, or less with leading zero groups
)

// EOF returns the last packet of a sender.
func EOF() Packet { return Packet{Request: true, Tag: tagEOF} }

// ERQ returns the packet of a sender that will send no more requests.
func ERQ() Packet { return Packet{Request: true, Tag: tagERQ} }

// IsEOF reports whether p is EOF.
func (p *Packet) IsEOF() bool { return p.isSpecial() && p.Tag == tagEOF }

// IsERQ reports whether p is ERQ.
func (p *Packet) IsERQ() bool { return p.isSpecial() && p.Tag == tagERQ }

func (p *Packet) isSpecial() bool {
	return p.Request && p.Type == 0 && p.Channel == 0 && p.Flags == 0 && len(p.Payload) == 0
}

// OK reports whether p is a response that is no rejection.
func (p *Packet) OK() bool { return !p.Request && p.Flags&okFlag != 0 }

// ReplyFlags returns the application's flags in a response.
func (p *Packet) ReplyFlags() uint64 { return p.Flags >> 1 }

func (p *Packet) String() string {
	switch {
	case p.IsEOF():
		return "EOF"
	case p.IsERQ():
		return "ERQ"
	case p.Request:
		return fmt.Sprintf("request %d on channel %d, wire type %d, flags %#x, %d bytes", p.Tag, p.Channel, p.Type, p.Flags, len(p.Payload))
	}
	return fmt.Sprintf("response %d on channel %d, ok %t, flags %#x, %d bytes", p.Tag, p.Channel, p.OK(), p.ReplyFlags(), len(p.Payload))
}

// AppendFrame appends p with its length to dst. A field that the wire cannot carry
// is an error that wraps frame.ErrUnsendable; dst is then returned as it was.
func (p *Packet) AppendFrame(dst []byte) ([]byte, error) {
	if err := p.check(); err != nil {
		return dst, err
	}
	word, size := p.sizes()
	dst = appendNumber(dst, uint64(size))
	return p.appendFields(dst, word), nil
}

// AppendBody is AppendFrame without the length: what framing.PacketStream calls
// the message.
func (p *Packet) AppendBody(dst []byte) ([]byte, error) {
	if err := p.check(); err != nil {
		return dst, err
	}
	word, _ := p.sizes()
	return p.appendFields(dst, word), nil
}

func (p *Packet) check() error {
	switch {
	case p.Flags > math.MaxUint64>>flagBits:
		return frame.Refuse("flags %#x: more than %d bits", p.Flags, 64-flagBits)
	case p.Type != 0 && !p.Request:
		return frame.Refuse("type %d in a response", p.Type)
	}
	return nil
}

func (p *Packet) sizes() (word uint64, body int) {
	word = p.Flags << flagBits
	if p.Channel != 0 || p.ExplicitChannel {
		word |= hasChannel
		body += numberSize(p.Channel)
	}
	if p.Request {
		word |= isRequest
		body += numberSize(p.Type)
	}
	return word, body + numberSize(p.Tag) + numberSize(word) + len(p.Payload)
}

func (p *Packet) appendFields(dst []byte, word uint64) []byte {
	dst = appendNumber(dst, p.Tag)
	dst = appendNumber(dst, word)
	if word&hasChannel != 0 {
		dst = appendNumber(dst, p.Channel)
	}
	if word&isRequest != 0 {
		dst = appendNumber(dst, p.Type)
	}
	return append(dst, p.Payload...)
}

// ParseBody reads a packet without its length. The payload is borrowed from body.
// The error is a *frame.Error, whose offsets index body.
func ParseBody(body []byte) (Packet, error) {
	var p Packet
	var word uint64
	var err error
	at := 0
	if p.Tag, at, err = readNumber(body, at, "tag"); err != nil {
		return Packet{}, err
	}
	if word, at, err = readNumber(body, at, "flags"); err != nil {
		return Packet{}, err
	}
	p.Flags, p.Request = word>>flagBits, word&isRequest != 0
	if word&hasChannel != 0 {
		if p.Channel, at, err = readNumber(body, at, "channel"); err != nil {
			return Packet{}, err
		}
		p.ExplicitChannel = p.Channel == 0
	}
	if p.Request {
		if p.Type, at, err = readNumber(body, at, "type"); err != nil {
			return Packet{}, err
		}
	}
	p.Payload = body[at:len(body):len(body)]
	return p, nil
}

// Scan reads the packet at the start of buf, and returns the bytes that it takes
// with its length. The payload is borrowed from buf. The error is a *frame.Error,
// whose offsets index buf; it wraps io.ErrUnexpectedEOF if buf ends too early.
func Scan(buf []byte) (p Packet, n int, err error) {
	sp, need, err := framing.PacketStream.Scan(buf, &frame.State{})
	switch {
	case err != nil:
		return Packet{}, 0, err
	case need > 0:
		return Packet{}, 0, frame.Truncated(len(buf), need)
	}
	p, err = ParseBody(buf[sp.Head:sp.Len()])
	if err != nil {
		return Packet{}, 0, rebase(err, 0, int64(sp.Head))
	}
	return p, sp.Len(), nil
}

// rebase turns offsets into a body into those of a stream, in which the frame
// begins at start and has a head of that many bytes.
func rebase(err error, start, head int64) error {
	if e, ok := err.(*frame.Error); ok {
		e.Start += start
		e.Offset += start + head
	}
	return err
}

// readNumber reads the number at body[at], which is the field of that name.
func readNumber(body []byte, at int, name string) (v uint64, next int, err error) {
	for i := at; i < len(body); i++ {
		b := body[i]
		switch {
		case v > math.MaxUint64>>7:
			return 0, 0, frame.Malformed(i, "%s: more than 64 bits", name)
		case i-at == maxNumber:
			return 0, 0, frame.Malformed(i, "%s: more than %d bytes", name, maxNumber)
		}
		v = v<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return v, i + 1, nil
		}
	}
	return 0, 0, frame.Malformed(len(body), "%s: got the end of the packet, want a number", name)
}

func appendNumber(dst []byte, v uint64) []byte {
	for shift := 7 * (numberSize(v) - 1); shift > 0; shift -= 7 {
		dst = append(dst, byte(v>>shift)|0x80)
	}
	return append(dst, byte(v&0x7f))
}

// numberSize returns the bytes of v.
func numberSize(v uint64) int {
	n := 1
	for ; v > 0x7f; v >>= 7 {
		n++
	}
	return n
}
