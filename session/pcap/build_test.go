package pcap_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// Builders of captures. They know nothing of the code under test.

var be = binary.BigEndian

const (
	fin = 1
	syn = 2
	rst = 4
	ack = 16
)

type tcp struct {
	src, dst netip.AddrPort
	flags    byte
	seq, ack uint32
	data     string
	options  int // bytes
}

var (
	alice = netip.MustParseAddrPort("10.0.0.1:40000")
	bob   = netip.MustParseAddrPort("10.0.0.2:5000")
)

func (s tcp) bytes() []byte {
	b := make([]byte, 20+s.options)
	be.PutUint16(b, s.src.Port())
	be.PutUint16(b[2:], s.dst.Port())
	be.PutUint32(b[4:], s.seq)
	be.PutUint32(b[8:], s.ack)
	b[12], b[13] = byte(len(b)/4)<<4, s.flags
	return append(b, s.data...)
}

// ip is the packet that carries s; extensions are whole IPv6 headers without their
// first byte.
func (s tcp) ip(extensions ...string) []byte {
	payload := s.bytes()
	if s.src.Addr().Is4() {
		b := make([]byte, 20)
		b[0], b[8], b[9] = 0x45, 64, 6
		be.PutUint16(b[2:], uint16(len(b)+len(payload)))
		copy(b[12:], s.src.Addr().AsSlice())
		copy(b[16:], s.dst.Addr().AsSlice())
		return append(b, payload...)
	}
	b := make([]byte, 40)
	b[0], b[6], b[7] = 0x60, 6, 64
	copy(b[8:], s.src.Addr().AsSlice())
	copy(b[24:], s.dst.Addr().AsSlice())
	last := 6
	for _, e := range extensions {
		b[last] = e[0]
		last = len(b)
		b = append(append(b, 6), e[1:]...)
	}
	b = append(b, payload...)
	be.PutUint16(b[4:], uint16(len(b)-40))
	return b
}

func ethernet(kind uint16, payload []byte) []byte {
	return append(be.AppendUint16(make([]byte, 12), kind), payload...)
}

// record is a packet of a capture.
type record struct {
	at   time.Time
	data []byte
	wire int // bytes on the wire; 0 means len(data)
}

func (r record) length() uint32 { return uint32(max(r.wire, len(r.data))) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC)

// classic is a pcap file.
func classic(order binary.AppendByteOrder, nanoseconds bool, link uint32, records ...record) []byte {
	magic, unit := uint32(0xa1b2c3d4), 1000
	if nanoseconds {
		magic, unit = 0xa1b23c4d, 1
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(order.AppendUint16(b, 2), 4)
	b = order.AppendUint32(append(b, make([]byte, 8)...), 262144)
	b = order.AppendUint32(b, link)
	for _, r := range records {
		b = order.AppendUint32(b, uint32(r.at.Unix()))
		b = order.AppendUint32(b, uint32(r.at.Nanosecond()/unit))
		b = order.AppendUint32(b, uint32(len(r.data)))
		b = append(order.AppendUint32(b, r.length()), r.data...)
	}
	return b
}

// block is a block of pcapng.
func block(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n := uint32(len(body) + 12)
	b := order.AppendUint32(order.AppendUint32(nil, kind), n)
	return order.AppendUint32(append(b, body...), n)
}

func section(order binary.AppendByteOrder) []byte {
	b := order.AppendUint16(order.AppendUint16(order.AppendUint32(nil, 0x1a2b3c4d), 1), 0)
	return block(order, 0x0a0d0d0a, order.AppendUint64(b, 1<<64-1))
}

func description(order binary.AppendByteOrder, link uint16, options ...byte) []byte {
	b := order.AppendUint16(order.AppendUint16(nil, link), 0)
	return block(order, 1, append(order.AppendUint32(b, 0), options...))
}

func enhanced(order binary.AppendByteOrder, iface uint32, stamp uint64, r record) []byte {
	b := order.AppendUint32(order.AppendUint32(nil, iface), uint32(stamp>>32))
	b = order.AppendUint32(order.AppendUint32(b, uint32(stamp)), uint32(len(r.data)))
	return block(order, 6, append(order.AppendUint32(b, r.length()), r.data...))
}

// records are segments on Ethernet, a millisecond apart.
func records(segments ...tcp) []record {
	var all []record
	for i, s := range segments {
		all = append(all, record{noon.Add(time.Duration(i) * time.Millisecond), ethernet(0x0800, s.ip()), 0})
	}
	return all
}

// capture is a pcap file of segments.
func capture(segments ...tcp) []byte {
	return classic(binary.LittleEndian, false, 1, records(segments...)...)
}

// The sequence numbers of both sides wrap early.
const isn uint32 = 1<<32 - 7

func from(src, dst netip.AddrPort, flags byte, at int, data string) tcp {
	return tcp{src: src, dst: dst, flags: flags | ack, seq: isn + 1 + uint32(at), ack: isn + 1, data: data}
}

func a(at int, data string) tcp { return from(alice, bob, 0, at, data) }
func b(at int, data string) tcp { return from(bob, alice, 0, at, data) }

func (s tcp) acks(n int) tcp {
	s.ack = isn + 1 + uint32(n)
	return s
}

func (s tcp) with(flags byte) tcp {
	s.flags |= flags
	return s
}

// shake opens the connection.
var shake = []tcp{
	{src: alice, dst: bob, flags: syn, seq: isn, options: 20},
	{src: bob, dst: alice, flags: syn | ack, seq: isn, ack: isn + 1, options: 20},
	{src: alice, dst: bob, flags: ack, seq: isn + 1, ack: isn + 1},
}

func opened(segments ...tcp) []tcp { return slices.Concat(shake, segments) }

// random is a source of numbers that is the same in each run.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }
