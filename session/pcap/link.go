package pcap

import "encoding/binary"

// Link types, as https://www.tcpdump.org/linktypes.html numbers them.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRawBSD   = 12
	linkRawOpen  = 14
	linkRaw      = 101
	linkLoop     = 108
	linkCooked   = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkCooked2  = 276
)

const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	etherMPLS = 0x8847
	etherPPP  = 0x8864 // over Ethernet, once the session stands

	maxTags = 8 // VLAN tags of one frame
)

// What a packet holds, as far as it matters here.
type content int

const (
	contentIP      content = iota
	contentOther           // another protocol
	contentUnread          // a link type that is not read
	contentDamaged         // shorter than its own headers
)

// network returns the IP packet in p.
func network(p *packet) ([]byte, content) {
	data := p.data
	switch p.link {
	case linkRaw, linkRawBSD, linkRawOpen, linkIPv4, linkIPv6:
		return data, contentIP
	case linkEthernet:
		if len(data) < 14 {
			return nil, contentDamaged
		}
		return tagged(data[12:])
	case linkCooked:
		if len(data) < 16 {
			return nil, contentDamaged
		}
		return tagged(data[14:])
	case linkCooked2:
		if len(data) < 20 {
			return nil, contentDamaged
		}
		if binary.BigEndian.Uint16(data) == 0x8100 { // the tag stands behind the header
			return tagged(append([]byte{0x81, 0}, data[20:]...))
		}
		return ofType(binary.BigEndian.Uint16(data), data[20:])
	case linkNull, linkLoop:
		if len(data) < 4 {
			return nil, contentDamaged
		}
		order := p.order
		if p.link == linkLoop {
			order = bigEndian
		}
		if order.uint32(data) > 0xffff { // it is that of the machine that captured, and another has written the file
			order = !order
		}
		switch family := order.uint32(data); family {
		case 2, 10, 24, 28, 30: // AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD, macOS
			return data[4:], contentIP
		}
		return nil, contentOther
	}
	return nil, contentUnread
}

// tagged passes over VLAN tags (802.1Q, 802.1ad and older QinQ) before the type
// with which data begins.
func tagged(data []byte) ([]byte, content) {
	for range maxTags {
		if len(data) < 2 {
			return nil, contentDamaged
		}
		switch kind := binary.BigEndian.Uint16(data); kind {
		case 0x8100, 0x88a8, 0x9100:
			if len(data) < 4 {
				return nil, contentDamaged
			}
			data = data[4:]
		default:
			return ofType(kind, data[2:])
		}
	}
	return nil, contentOther
}

func ofType(kind uint16, data []byte) ([]byte, content) {
	switch kind {
	case etherIPv4, etherIPv6:
		return data, contentIP
	case etherMPLS:
		for range maxTags {
			if len(data) < 4 {
				return nil, contentDamaged
			}
			last := data[2]&1 != 0
			data = data[4:]
			if last && len(data) > 0 && (data[0]>>4 == 4 || data[0]>>4 == 6) { // no label says what it is
				return data, contentIP
			}
			if last {
				break
			}
		}
	case etherPPP:
		const head = 6 // version, code, session, length
		if len(data) < head+2 {
			return nil, contentDamaged
		}
		if protocol := binary.BigEndian.Uint16(data[head:]); protocol == 0x0021 || protocol == 0x0057 {
			return data[head+2:], contentIP
		}
	}
	return nil, contentOther
}
