package pcap

import "encoding/binary"

const (
	protocolTCP = 6
	maxHeaders  = 16 // extension headers of one IPv6 packet
)

// transport returns what an IP packet carries, if that is TCP. cut are the bytes
// at its end that were not captured.
func transport(data []byte, f *flow, s *Stats) (payload []byte, cut int, ok bool) {
	if len(data) == 0 {
		s.Damaged++
		return nil, 0, false
	}
	switch data[0] >> 4 {
	case 4:
		return transport4(data, f, s)
	case 6:
		return transport6(data, f, s)
	}
	s.Damaged++
	return nil, 0, false
}

func transport4(data []byte, f *flow, s *Stats) ([]byte, int, bool) {
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
	if binary.BigEndian.Uint16(data[6:])&0x3fff != 0 { // more to come, or not the first
		s.Fragments++
		return nil, 0, false
	}
	f.setIPv4(data[12:16], data[16:20])
	return data[head:min(total, len(data))], max(0, total-len(data)), true
}

func transport6(data []byte, f *flow, s *Stats) ([]byte, int, bool) {
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
			copy(f.src[:], data[8:24])
			copy(f.dst[:], data[24:40])
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
			if len(rest) >= 8 && binary.BigEndian.Uint16(rest[2:])&0xfff9 != 0 {
				s.Fragments++
				return nil, 0, false
			}
			size = 8
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
