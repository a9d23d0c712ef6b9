package heartbeat

import (
	"bytes"
	"encoding/binary"
	"time"
)

// The packets of MQTT 3.1.1 and 5 by their first byte.
const (
	mqttConnect     = 0x10
	mqttAccepted    = 0x20 // CONNACK
	mqttPingRequest = 0xc0
	mqttPingReply   = 0xd0
)

func answerMQTT(frame []byte, client bool) ([]byte, bool) {
	switch {
	case len(frame) != 2 || frame[1] != 0:
		return nil, false
	case frame[0] == mqttPingRequest && !client:
		return []byte{mqttPingReply, 0}, true
	}
	return nil, frame[0] == mqttPingReply && client
}

// agreedMQTT reads the keep-alive of a CONNECT: the name of the protocol behind its
// length, its level, flags, and seconds. In MQTT 5 the server may answer with another.
func agreedMQTT(sent, received []byte) time.Duration {
	rest := mqttContent(sent, mqttConnect)
	if len(rest) < 2 {
		return 0
	}
	at := 2 + int(binary.BigEndian.Uint16(rest))
	if len(rest) < at+4 {
		return 0
	}
	const version5 = 5
	seconds := binary.BigEndian.Uint16(rest[at+2:])
	if rest[at] == version5 {
		if received == nil {
			return 0 // not agreed yet
		}
		if own, ok := serverKeepAlive(received); ok {
			seconds = own
		}
	}
	return time.Duration(seconds) * time.Second
}

// mqttContent is what a packet of that kind holds behind its remaining length; nil
// for any other, and for one without that.
func mqttContent(packet []byte, kind byte) []byte {
	if len(packet) == 0 || packet[0] != kind {
		return nil
	}
	_, n := binary.Uvarint(packet[1:])
	if n <= 0 {
		return nil
	}
	return packet[1+n:]
}

// serverKeepAlive reads the property of that name of a CONNACK of MQTT 5 (§3.2.2.3.14),
// which the client must use in place of its own: flags, reason, and the properties
// behind their length.
func serverKeepAlive(accepted []byte) (seconds uint16, ok bool) {
	const (
		flagsAndReason = 2
		keepAlive      = 0x13
	)
	rest := mqttContent(accepted, mqttAccepted)
	if len(rest) < flagsAndReason {
		return 0, false
	}
	rest = rest[flagsAndReason:]
	size, n := binary.Uvarint(rest)
	if n <= 0 || size > uint64(len(rest)-n) {
		return 0, false
	}
	for rest = rest[n:][:size]; len(rest) > 0; {
		n = propertySize(rest)
		if n > len(rest) {
			return 0, false
		}
		if rest[0] == keepAlive {
			return binary.BigEndian.Uint16(rest[1:]), true
		}
		rest = rest[n:]
	}
	return 0, false
}

// propertySize is the size in bytes of the property at the start of b; more than b
// has where it is cut off, or not one of a CONNACK.
func propertySize(b []byte) int {
	text := func(at int) int { // which has its length before it
		if len(b) < at+2 {
			return len(b) + 1
		}
		return at + 2 + int(binary.BigEndian.Uint16(b[at:]))
	}
	switch id := b[:1]; {
	case bytes.Contains([]byte{0x24, 0x25, 0x28, 0x29, 0x2a}, id): // a byte
		return 2
	case bytes.Contains([]byte{0x13, 0x21, 0x22}, id): // two of them
		return 3
	case bytes.Contains([]byte{0x11, 0x27}, id): // four
		return 5
	case bytes.Contains([]byte{0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f}, id):
		return text(1)
	case b[0] == 0x26: // name and value
		return text(text(1))
	}
	return len(b) + 1
}
