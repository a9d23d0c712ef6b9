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

// A flow is one direction of a connection.
type flow struct {
	src, dst         [16]byte
	srcPort, dstPort uint16
}

// setIPv4 writes the addresses, and same reads them, in pieces of eight bytes: what
// was stored in other pieces than it is loaded in costs a detour through the cache,
// for each packet.
func (f *flow) setIPv4(src, dst []byte) {
	be := binary.BigEndian
	be.PutUint64(f.src[:8], 0)
	be.PutUint64(f.src[8:], 0xffff<<32|uint64(be.Uint32(src)))
	be.PutUint64(f.dst[:8], 0)
	be.PutUint64(f.dst[8:], 0xffff<<32|uint64(be.Uint32(dst)))
}

func (f *flow) same(g *flow) bool {
	be := binary.BigEndian
	return f.srcPort == g.srcPort && f.dstPort == g.dstPort &&
		be.Uint64(f.src[8:]) == be.Uint64(g.src[8:]) && be.Uint64(f.dst[8:]) == be.Uint64(g.dst[8:]) &&
		be.Uint64(f.src[:8]) == be.Uint64(g.src[:8]) && be.Uint64(f.dst[:8]) == be.Uint64(g.dst[:8])
}

func (f *flow) reverse() flow { return flow{f.dst, f.src, f.dstPort, f.srcPort} }

func (f *flow) source() string {
	return netip.AddrPortFrom(netip.AddrFrom16(f.src).Unmap(), f.srcPort).String()
}

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
	data = tcp[min(head, len(tcp)):]
	s.span = span{seq: binary.BigEndian.Uint32(tcp[4:]), data: data, cut: length - len(data)}
	if s.flags&flagSYN != 0 {
		s.span.seq++
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

func (s span) len() int    { return len(s.data) + s.cut }
func (s span) end() uint32 { return s.seq + uint32(s.len()) }

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
