package pcap

import (
	"encoding/binary"
	"time"
)

const (
	protocolTCP = 6
	maxHeaders  = 16 // extension headers of one IPv6 packet
)

// transport returns what an IP packet carries, if that is TCP. cut are the bytes
// at its end that were not captured. A packet that came in pieces is there with the
// last of them.
func transport(data []byte, now time.Time, f *flow, pieces *fragments, s *Stats) (payload []byte, cut int, ok bool) {
	if len(data) == 0 {
		s.Damaged++
		return nil, 0, false
	}
	switch data[0] >> 4 {
	case 4:
		return transport4(data, now, f, pieces, s)
	case 6:
		return transport6(data, now, f, pieces, s)
	}
	s.Damaged++
	return nil, 0, false
}

func transport4(data []byte, now time.Time, f *flow, pieces *fragments, s *Stats) ([]byte, int, bool) {
	head := int(data[0]&15) * 4
	if head < 20 || len(data) < head {
		s.Damaged++
		return nil, 0, false
	}
	if data[9] != protocolTCP {
		return nil, 0, false
	}
	total := int(binary.BigEndian.Uint16(data[2:]))
	if total == 0 { // the network card was to cut it into packets
		total = len(data)
	}
	if total < head {
		s.Damaged++
		return nil, 0, false
	}
	f.src, f.dst = addressOf4(data[12:]), addressOf4(data[16:])
	if place := binary.BigEndian.Uint16(data[6:]); place&0x3fff != 0 { // more to come, or not the first
		if total > len(data) {
			s.Fragments++
			return nil, 0, false
		}
		key := datagramKey{id: uint32(binary.BigEndian.Uint16(data[4:]))}
		copy(key.addresses[:], data[12:20])
		p := piece{at: int(place&0x1fff) * 8, data: data[head:total], last: place&0x2000 == 0}
		if whole := pieces.add(key, p, protocolTCP, now, s); whole != nil {
			return whole.payload(), 0, true
		}
		return nil, 0, false
	}
	return data[head:min(total, len(data))], max(0, total-len(data)), true
}

func transport6(data []byte, now time.Time, f *flow, pieces *fragments, s *Stats) ([]byte, int, bool) {
	if len(data) < 40 {
		s.Damaged++
		return nil, 0, false
	}
	total := 40 + int(binary.BigEndian.Uint16(data[4:]))
	if total == 40 { // a jumbogram
		total = len(data)
	}
	cut := max(0, total-len(data))
	next, rest := data[6], data[40:min(total, len(data))]
	for range maxHeaders {
		size := 0
		switch next {
		case protocolTCP:
			f.src, f.dst = addressOf6(data[8:]), addressOf6(data[24:])
			return rest, cut, true
		case 0, 43, 60, 135, 139, 140: // options, routing, mobility, host identity, shim6
			if len(rest) >= 2 {
				size = (int(rest[1]) + 1) * 8
			}
		case 51: // authentication
			if len(rest) >= 2 {
				size = (int(rest[1]) + 2) * 4
			}
		case 44:
			if len(rest) < 8 {
				break
			}
			place := binary.BigEndian.Uint16(rest[2:])
			if place&0xfff9 == 0 {
				size = 8
				break
			}
			if cut > 0 {
				s.Fragments++
				return nil, 0, false
			}
			key := datagramKey{id: binary.BigEndian.Uint32(rest[4:])}
			copy(key.addresses[:], data[8:40])
			p := piece{at: int(place &^ 7), data: rest[8:], last: place&1 == 0}
			whole := pieces.add(key, p, rest[0], now, s)
			if whole == nil {
				return nil, 0, false
			}
			next, rest = whole.next, whole.payload()
			continue
		default:
			return nil, 0, false
		}
		if size == 0 || size > len(rest) {
			break
		}
		next, rest = rest[0], rest[size:]
	}
	s.Damaged++
	return nil, 0, false
}
