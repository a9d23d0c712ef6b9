package pcap

import (
	"encoding/binary"
	"net/netip"
	"time"
)

const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// An address is one of IPv6, or of IPv4 as IPv6 writes it.
type address struct{ high, low uint64 }

func addressOf4(b []byte) address { return address{0, 0xffff<<32 | uint64(binary.BigEndian.Uint32(b))} }

func addressOf6(b []byte) address {
	return address{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (a address) ip() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.high)
	binary.BigEndian.PutUint64(b[8:], a.low)
	return netip.AddrFrom16(b).Unmap()
}

// A flow is one direction of a connection.
type flow struct {
	src, dst         address
	srcPort, dstPort uint16
}

// same compares number by number: what was just stored is loaded in the pieces that
// it was stored in. The == of Go loads larger ones, and waits for them in each packet.
func (f *flow) same(g *flow) bool {
	return f.srcPort == g.srcPort && f.dstPort == g.dstPort &&
		f.src.low == g.src.low && f.dst.low == g.dst.low && f.src.high == g.src.high && f.dst.high == g.dst.high
}

func (f *flow) reverse() flow { return flow{f.dst, f.src, f.dstPort, f.srcPort} }

func (f *flow) source() string { return netip.AddrPortFrom(f.src.ip(), f.srcPort).String() }

// A segment is a TCP segment.
type segment struct {
	flow
	time  time.Time
	flags byte
	ack   uint32
	span
}

// parse makes s the segment in p, if there is one.
func (s *segment) parse(p *packet, pieces *fragments, stats *Stats) bool {
	data, what := network(p)
	switch what {
	case contentUnread:
		stats.Unread++
		stats.UnreadLink = int(p.link)
	case contentDamaged:
		stats.Damaged++
	}
	if what != contentIP {
		return false
	}
	tcp, cut, ok := transport(data, p.time, &s.flow, pieces, stats)
	if !ok {
		return false
	}
	if len(tcp) < 20 {
		stats.Damaged++
		return false
	}
	head := int(tcp[12]>>4) * 4
	if head < 20 || head > len(tcp)+cut {
		stats.Damaged++
		return false
	}
	s.srcPort, s.dstPort = binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:])
	s.ack, s.flags = binary.BigEndian.Uint32(tcp[8:]), tcp[13]
	s.time = p.time
	if cut > 0 {
		stats.Cut++
	}
	length := len(tcp) + cut - head
	// Field by field: a span that is made and then copied is read in other pieces
	// than it was written in, which takes a third of the time of a packet.
	s.seq = binary.BigEndian.Uint32(tcp[4:])
	s.data = tcp[min(head, len(tcp)):]
	s.cut = length - len(s.data)
	if s.flags&flagSYN != 0 {
		s.seq++
	}
	return true
}

// A span is a piece of a stream: bytes, and behind them as many as were cut off
// by the capture.
type span struct {
	seq  uint32
	data []byte
	cut  int
}

func (s *span) len() int    { return len(s.data) + s.cut }
func (s *span) end() uint32 { return s.seq + uint32(s.len()) }

// from is what is left of s without its first n bytes.
func (s span) from(n int) span {
	k := min(n, len(s.data))
	return span{s.seq + uint32(n), s.data[k:], s.cut - (n - k)}
}

// first is the first n bytes of s.
func (s span) first(n int) span {
	k := min(n, len(s.data))
	return span{s.seq, s.data[:k], n - k}
}
