package answer

import (
	"encoding/binary"
	"strconv"

	"github.com/chancat/channel/session"
)

func keyed(asks bool, k key) meaning {
	if asks {
		return meaning{asksKeys: []key{k}}
	}
	return meaning{answersKeys: []key{k}}
}

// dns pairs by the ID of the header; a bit says which messages answer.
func dns(from session.Side, _, msg []byte) meaning {
	if len(msg) < 12 {
		return meaning{}
	}
	id := uint64(binary.BigEndian.Uint16(msg))
	if msg[2]&0x80 == 0 {
		return keyed(true, key{by: from, num: id})
	}
	return keyed(false, key{by: other(from), num: id})
}

// modbus pairs by the transaction identifier.
func modbus(from session.Side, raw, _ []byte) meaning {
	if len(raw) < 2 {
		return meaning{}
	}
	return keyed(from == session.Client, key{by: session.Client, num: uint64(binary.BigEndian.Uint16(raw))})
}

// kafka pairs by the correlation id.
func kafka(from session.Side, raw, _ []byte) meaning {
	const size, api = 4, 4
	at := size
	if from == session.Client {
		at += api
	}
	if len(raw) < at+4 {
		return meaning{}
	}
	return keyed(from == session.Client, key{by: session.Client, num: uint64(binary.BigEndian.Uint32(raw[at:]))})
}

// mongodb pairs responseTo with requestID.
func mongodb(from session.Side, raw, _ []byte) meaning {
	if len(raw) < 16 {
		return meaning{}
	}
	if from == session.Client {
		return keyed(true, key{by: from, num: uint64(binary.LittleEndian.Uint32(raw[4:]))})
	}
	m := keyed(false, key{by: other(from), num: uint64(binary.LittleEndian.Uint32(raw[8:]))})
	m.keep = true // an exhaust cursor answers one request many times
	return m
}

// mqtt pairs the control packets that acknowledge with what they acknowledge, by
// the packet identifier where there is one.
func mqtt(from session.Side, raw, msg []byte) meaning {
	const (
		connect = iota + 1
		connack
		publish
		puback
		pubrec
		pubrel
		pubcomp
		subscribe
		suback
		unsubscribe
		unsuback
		pingreq
		pingresp
	)
	if len(raw) == 0 {
		return meaning{}
	}
	id := func(at int) uint64 {
		if len(msg) < at+2 {
			return 0
		}
		return uint64(binary.BigEndian.Uint16(msg[at:]))
	}
	switch kind := raw[0] >> 4; kind {
	case connect, pingreq:
		return keyed(true, key{by: from, kind: kind + 1})
	case subscribe, unsubscribe, pubrel:
		m := keyed(true, key{by: from, kind: kind + 1, num: id(0)})
		if kind == pubrel {
			m.answersKeys = []key{{by: other(from), kind: pubrel, num: id(0)}}
		}
		return m
	case publish:
		qos := raw[0] >> 1 & 3
		if qos == 0 || len(msg) < 2 {
			return meaning{}
		}
		topic := int(binary.BigEndian.Uint16(msg))
		return keyed(true, key{by: from, kind: puback + qos - 1, num: id(2 + topic)})
	case connack, pingresp:
		return keyed(false, key{by: other(from), kind: kind})
	case puback, pubcomp, suback, unsuback:
		return keyed(false, key{by: other(from), kind: kind, num: id(0)})
	case pubrec:
		m := keyed(false, key{by: other(from), kind: kind, num: id(0)})
		m.asksKeys = []key{{by: from, kind: pubrel, num: id(0)}}
		return m
	}
	return meaning{}
}

// http2 pairs the first HEADERS of both sides of a stream.
func http2(from session.Side, raw, _ []byte) meaning {
	const head, headers = 9, 1
	if len(raw) < head || raw[3] != headers {
		return meaning{}
	}
	stream := uint64(binary.BigEndian.Uint32(raw[5:]) &^ (1 << 31))
	return keyed(from == session.Client, key{by: session.Client, num: stream})
}

// mysql pairs by the sequence number of a packet, which goes on from one side to
// the other.
func mysql(from session.Side, raw, _ []byte) meaning {
	const head = 4
	if len(raw) < head {
		return meaning{}
	}
	n := raw[head-1]
	if from == session.Client {
		return keyed(true, key{by: from, num: uint64(n + 1)})
	}
	return keyed(false, key{by: other(from), num: uint64(n)})
}

// packetstream pairs by channel and tag; a bit says which packets are requests.
func packetstream(from session.Side, _, msg []byte) meaning {
	tag, rest := bsuint(msg)
	flags, rest := bsuint(rest)
	channel := uint64(0)
	if flags&1 != 0 {
		channel, _ = bsuint(rest)
	}
	k := key{by: from, num: tag, text: strconv.FormatUint(channel, 10)}
	if flags&2 != 0 {
		return keyed(true, k)
	}
	k.by = other(from)
	return keyed(false, k)
}

// bsuint reads a number in big-endian base 128. Of one that is too long the low
// bits are left.
func bsuint(b []byte) (n uint64, rest []byte) {
	for i, c := range b {
		n = n<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return n, b[i+1:]
		}
	}
	return n, nil
}
