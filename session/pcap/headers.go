package pcap

import (
	"encoding/binary"
	"net/netip"
)

// A segmentHeader is what varies in a TCP header.
type segmentHeader struct {
	src, dst uint16
	seq, ack uint32
	flags    byte
}

// appendPacket appends an Ethernet frame with a TCP segment. The addresses of both
// ends are of the same kind.
func appendPacket(b []byte, from int, src, dst netip.Addr, h segmentHeader, data []byte) []byte {
	be := binary.BigEndian
	macs := [2][6]byte{client: {2, 0, 0, 0, 0, 1}, server: {2, 0, 0, 0, 0, 2}} // locally administered
	b = append(append(b, macs[1-from][:]...), macs[from][:]...)
	length := 20 + len(data)
	if src.Is4() {
		b = be.AppendUint16(b, etherIPv4)
		start := len(b)
		b = be.AppendUint16(append(b, 0x45, 0), uint16(20+length))
		b = append(b, 0, 0, 0x40, 0, 64, protocolTCP, 0, 0) // not to be fragmented, 64 hops
		b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
		be.PutUint16(b[start+10:], checksum(b[start:], 0))
	} else {
		b = be.AppendUint16(b, etherIPv6)
		b = append(be.AppendUint16(append(b, 0x60, 0, 0, 0), uint16(length)), protocolTCP, 64)
		b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	}
	start := len(b)
	b = be.AppendUint16(be.AppendUint16(b, h.src), h.dst)
	b = be.AppendUint32(be.AppendUint32(b, h.seq), h.ack)
	b = append(b, 5<<4, h.flags, 0xff, 0xff, 0, 0, 0, 0)
	b = append(b, data...)
	pseudo := append(append(make([]byte, 0, 40), src.AsSlice()...), dst.AsSlice()...)
	pseudo = append(be.AppendUint32(pseudo, uint32(length)), 0, 0, 0, protocolTCP)
	be.PutUint16(b[start+16:], checksum(b[start:], sum(pseudo)))
	return b
}

// checksum is that of IP and TCP; before is the sum of what counts besides.
func checksum(b []byte, before uint32) uint16 {
	s := sum(b) + before
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// sum adds b up in words of 16 bits. A packet is too short to overflow it.
func sum(b []byte) (s uint32) {
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}
