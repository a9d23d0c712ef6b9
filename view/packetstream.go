package view

import (
	"bytes"
	"fmt"
	"math"
)

// Packetstream shows a packet of cs.packetstream without its length (docs/wire.md
// §c), with its payload as [Auto] shows it. A response has the tag of its request:
//
//	request 2 type 0: hello
//	reply 2: hello
//	request 3 type 4 flags 0x55 channel 7
//	rejection 3: exception during handler
//	ERQ, no more requests
//	EOF
//
// What is no packet is shown as text or in hex.
func Packetstream(dst, body []byte) []byte {
	const hasChannel, isRequest, ok = 1, 2, 4
	p := packetReader{rest: body}
	tag, word := p.number(), p.number()
	var channel, wireType uint64
	if word&hasChannel != 0 {
		channel = p.number()
	}
	if word&isRequest != 0 {
		wireType = p.number()
	}
	if p.bad {
		return otherwise(dst, body)
	}
	flags := word >> 2
	switch {
	case word&isRequest == 0:
		name := "rejection"
		if word&ok != 0 {
			name = "reply"
		}
		dst = fmt.Appendf(dst, "%s %d", name, tag)
		flags >>= 1
	case wireType > 0:
		dst = fmt.Appendf(dst, "request %d type %d", tag, wireType-1)
	case tag == 0 && flags == 0 && channel == 0 && len(p.rest) == 0:
		return append(dst, "EOF"...)
	case tag == 1 && flags == 0 && channel == 0 && len(p.rest) == 0:
		return append(dst, "ERQ, no more requests"...)
	default:
		dst = fmt.Appendf(dst, "malformed EOF, tag %d", tag)
	}
	if flags != 0 {
		dst = fmt.Appendf(dst, " flags %#x", flags)
	}
	if channel != 0 {
		dst = fmt.Appendf(dst, " channel %d", channel)
	}
	if len(p.rest) == 0 {
		return dst
	}
	payload := Auto(nil, p.rest)
	if bytes.IndexByte(payload, '\n') >= 0 || !isText(p.rest) {
		return append(append(dst, ":\n"...), payload...)
	}
	return append(append(dst, ": "...), payload...)
}

// A packetReader reads numbers in big-endian base 128.
type packetReader struct {
	rest []byte
	bad  bool // rest began with no number, once
}

func (p *packetReader) number() (v uint64) {
	for i, c := range p.rest {
		if v > math.MaxUint64>>7 || i == 10 {
			break
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			p.rest = p.rest[i+1:]
			return v
		}
	}
	p.bad = true
	return 0
}
