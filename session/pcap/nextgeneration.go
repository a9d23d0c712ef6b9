package pcap

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// The blocks of pcapng that matter here.
const (
	blockSection        = 0x0a0d0d0a
	blockInterface      = 1
	blockObsoletePacket = 2
	blockSimplePacket   = 3
	blockPacket         = 6

	byteOrderMagic = 0x1a2b3c4d
	maxInterfaces  = 4096
)

// nextGeneration is pcapng: blocks of
//
//	type length … length
//
// in sections, each of which begins anew with its byte order and its interfaces.
type nextGeneration struct {
	order      byteOrder
	interfaces []networkInterface
}

type networkInterface struct {
	link    uint32
	snaplen uint32
	units   uint64 // of time in a second; 0 where it cannot be told
	offset  int64  // seconds to add
}

func (g *nextGeneration) next(w *window, p *packet) error {
	for {
		found, err := g.block(w, p)
		if found || err != nil {
			return err
		}
	}
}

// block reads one block and reports whether it was a packet.
func (g *nextGeneration) block(w *window, p *packet) (bool, error) {
	head, err := w.peek(8)
	if err != nil {
		return false, err
	}
	if string(head[:4]) == "\x0a\x0d\x0d\x0a" {
		if err := g.section(w); err != nil {
			return false, err
		}
		head, _ = w.peek(8)
	}
	kind, length := g.order.uint32(head), g.order.uint32(head[4:])
	if length < 12 || length%4 != 0 {
		return false, malformed("a block of %d bytes", length)
	}
	switch kind {
	case blockInterface, blockObsoletePacket, blockSimplePacket, blockPacket:
	default:
		return false, w.skip(int64(length))
	}
	if length > maxBlock {
		return false, malformed("a block of %d bytes", length)
	}
	block, err := w.peek(int(length))
	if err != nil {
		return false, inside(err)
	}
	if last := g.order.uint32(block[length-4:]); last != length {
		return false, malformed("a block of %d bytes that ends as one of %d", length, last)
	}
	body := block[8 : length-4]
	if kind == blockInterface {
		err = g.describe(body)
	} else {
		err = g.packet(kind, body, p)
	}
	if err != nil {
		return false, err
	}
	w.drop(int(length))
	return kind != blockInterface, nil
}

// section takes the byte order of a section header, and leaves the header.
func (g *nextGeneration) section(w *window) error {
	head, err := w.peek(16)
	if err != nil {
		return inside(err)
	}
	switch {
	case binary.LittleEndian.Uint32(head[8:]) == byteOrderMagic:
		g.order = littleEndian
	case binary.BigEndian.Uint32(head[8:]) == byteOrderMagic:
		g.order = bigEndian
	default:
		return malformed("a section without byte order")
	}
	if major := g.order.uint16(head[12:]); major != 1 {
		return malformed("version %d of pcapng, want 1", major)
	}
	g.interfaces = g.interfaces[:0]
	return nil
}

// describe takes an interface description.
func (g *nextGeneration) describe(body []byte) error {
	if len(body) < 8 {
		return malformed("an interface description of %d bytes", len(body))
	}
	if len(g.interfaces) == maxInterfaces {
		return malformed("more than %d interfaces in a section", maxInterfaces)
	}
	i := networkInterface{link: uint32(g.order.uint16(body)), snaplen: g.order.uint32(body[4:]), units: 1e6}
	for options := body[8:]; len(options) >= 4; {
		code, n := g.order.uint16(options), int(g.order.uint16(options[2:]))
		padded := (n + 3) &^ 3
		options = options[4:]
		if code == 0 || padded > len(options) {
			break
		}
		switch value := options[:n]; {
		case code == 9 && n == 1:
			i.units = unitsOf(value[0])
		case code == 14 && n == 8:
			i.offset = int64(g.order.uint64(value))
		}
		options = options[padded:]
	}
	g.interfaces = append(g.interfaces, i)
	return nil
}

// unitsOf is the meaning of if_tsresol: a negative power of 10, or of 2 if the
// highest bit is set.
func unitsOf(resolution byte) uint64 {
	if n := resolution & 0x7f; resolution&0x80 != 0 {
		return 1 << n // 0 where it is too fine
	} else if n > 19 {
		return 0
	} else {
		units := uint64(1)
		for range n {
			units *= 10
		}
		return units
	}
}

func (g *nextGeneration) packet(kind uint32, body []byte, p *packet) error {
	fixed := 20
	if kind == blockSimplePacket {
		fixed = 4
	}
	if len(body) < fixed {
		return malformed("a packet block of %d bytes", len(body))
	}
	var id, captured uint32
	var stamp uint64
	switch kind {
	case blockSimplePacket:
		captured = min(g.order.uint32(body), uint32(len(body)-fixed))
		if len(g.interfaces) > 0 && g.interfaces[0].snaplen > 0 {
			captured = min(captured, g.interfaces[0].snaplen)
		}
	case blockObsoletePacket:
		id = uint32(g.order.uint16(body))
	default:
		id = g.order.uint32(body)
	}
	if kind != blockSimplePacket {
		stamp = uint64(g.order.uint32(body[4:]))<<32 | uint64(g.order.uint32(body[8:]))
		captured = g.order.uint32(body[12:])
	}
	if uint64(id) >= uint64(len(g.interfaces)) {
		return malformed("a packet of interface %d, of which nothing is said", id)
	}
	if uint64(captured) > uint64(len(body)-fixed) {
		return malformed("a packet of %d bytes in a block of %d", captured, len(body))
	}
	i := &g.interfaces[id]
	p.link, p.order, p.data = i.link, g.order, body[fixed:fixed+int(captured)]
	p.time = time.Time{}
	if stamp != 0 {
		p.time = i.time(stamp)
	}
	return nil
}

func (i *networkInterface) time(stamp uint64) time.Time {
	if i.units == 0 {
		return time.Time{}
	}
	seconds, rest := stamp/i.units, stamp%i.units
	hi, lo := bits.Mul64(rest, 1e9)
	nanoseconds, _ := bits.Div64(hi, lo, i.units)
	return time.Unix(int64(seconds)+i.offset, int64(nanoseconds))
}
