package detect

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
)

// The functions here judge frames by the fields that a protocol has at fixed
// places. They are lenient where versions differ: the length has been found
// right before they are asked.

func checkTLS(raw []byte, sp frame.Span, previous []byte, _ Side) (float64, bool) {
	ok := raw[0] >= 20 && raw[0] <= 24 && raw[1] == 3 && raw[2] <= 4
	return 12, ok && sp.Body > 0 && sp.Body <= 1<<14+2048
}

func checkMQTT(raw []byte, sp frame.Span, previous []byte, from Side) (float64, bool) {
	kind, flags := raw[0]>>4, raw[0]&15
	switch body := raw[sp.Head:]; {
	case kind == 0:
		return 0, false
	case kind == 3:
		if flags>>1&3 == 3 || len(body) < 2 {
			return 0, false
		}
	case kind == 6 || kind == 8 || kind == 10:
		if flags != 2 {
			return 0, false
		}
	case flags != 0:
		return 0, false
	case previous == nil && kind == 1 && from != Server:
		ok := bytes.HasPrefix(body, []byte("\x00\x04MQTT")) || bytes.HasPrefix(body, []byte("\x00\x06MQIsdp"))
		return 40, ok
	case previous == nil && kind == 2 && from != Client:
		return 14, len(body) >= 2 && body[0] <= 1
	}
	return 3, previous != nil
}

func checkMySQL(raw []byte, sp frame.Span, previous []byte, from Side) (float64, bool) {
	sequence, body := raw[3], raw[sp.Head:]
	if len(body) == 0 {
		return 0, previous != nil
	}
	if previous == nil {
		switch {
		case sequence == 0 && body[0] == 10 && from != Client:
			version, _, ended := bytes.Cut(body[1:], []byte{0})
			return 30, ended && len(version) > 0 && isText(version)
		case sequence == 1 && len(body) >= 32 && from != Server:
			return 12, true
		}
		return 0, false
	}
	follows := sequence == previous[3]+1 || sequence == previous[3]+2
	if sequence == 0 {
		return 6, from != Server && (body[0] <= 0x20 || body[0] == 0xff)
	}
	return 5, follows || sequence == 1
}

func checkMongoDB(raw []byte, sp frame.Span, _ []byte, _ Side) (float64, bool) {
	if len(raw) < 16 {
		return 0, false
	}
	op := binary.LittleEndian.Uint32(raw[12:])
	return 20, op == 1 || op >= 2001 && op <= 2013
}

func checkHTTP2(raw []byte, sp frame.Span, previous []byte, from Side) (float64, bool) {
	if strings.HasPrefix(string(raw), "PRI * HTTP/2") {
		return 60, from != Server
	}
	if len(raw) < 9 {
		return 0, false
	}
	kind, stream, size := raw[3], binary.BigEndian.Uint32(raw[5:]), len(raw)-9
	if stream>>31 != 0 {
		return 0, false
	}
	if previous == nil {
		return 24, kind == 4 && stream == 0 && size%6 == 0
	}
	switch {
	case kind == 4 && (stream != 0 || size%6 != 0), kind == 6 && (stream != 0 || size != 8), kind == 8 && size != 4,
		kind == 3 && size != 4, (kind == 0 || kind == 1 || kind == 9) && stream == 0:
		return 0, false
	}
	return 4, kind <= 0x10
}

func checkModbus(raw []byte, sp frame.Span, previous []byte, _ Side) (float64, bool) {
	if len(raw) < 8 || len(raw) > 260 || raw[2] != 0 || raw[3] != 0 {
		return 0, false
	}
	if code := raw[7] & 0x7f; code == 0 || code > 0x2b {
		return 0, false
	}
	bits := 2.0
	if previous != nil {
		if step := binary.BigEndian.Uint16(raw) - binary.BigEndian.Uint16(previous); step == 1 {
			bits += 8
		}
		if raw[6] == previous[6] {
			bits += 2
		}
	}
	return bits, true
}

func checkDNS(raw []byte, sp frame.Span, _ []byte, from Side) (float64, bool) {
	body := raw[sp.Head:]
	if len(body) < 12 {
		return 0, false
	}
	reply := body[2]&0x80 != 0
	if from == Client && reply || from == Server && !reply {
		return 0, false
	}
	opcode := body[2] >> 3 & 15
	questions := binary.BigEndian.Uint16(body[4:])
	if opcode > 6 || body[3]&0x40 != 0 || questions > 1 || !reply && questions != 1 {
		return 0, false
	}
	if questions == 1 && !dnsName(body[12:]) {
		return 0, false
	}
	return 24, body[6] < 16 && body[8] < 16 && body[10] < 16
}

// dnsName reports whether b starts with a name, a type and a class.
func dnsName(b []byte) bool {
	for len(b) > 0 {
		n := int(b[0])
		if n == 0 {
			return len(b) >= 5
		}
		if n > 63 || len(b) < 1+n || !isText(b[1:1+n]) {
			return false
		}
		b = b[1+n:]
	}
	return false
}

func checkKafka(raw []byte, sp frame.Span, previous []byte, from Side) (float64, bool) {
	body := raw[sp.Head:]
	if len(body) < 4 {
		return 0, false
	}
	if from == Server {
		return 1, true // a correlation number: the requests say more
	}
	if len(body) < 10 {
		return 0, false
	}
	key, version := binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
	client := int(int16(binary.BigEndian.Uint16(body[8:])))
	if key > 100 || version > 20 || client < -1 || client > len(body)-10 || client == 0 {
		return 0, false
	}
	return 12, client < 0 || isText(body[10:10+client])
}

func checkThrift(raw []byte, sp frame.Span, _ []byte, _ Side) (float64, bool) {
	body := raw[sp.Head:]
	switch {
	case len(body) >= 12 && body[0] == 0x80 && body[1] == 1 && body[2] == 0 && body[3] >= 1 && body[3] <= 4:
		n := int(binary.BigEndian.Uint32(body[4:]))
		return 30, n > 0 && n <= len(body)-8 && isText(body[8:8+n])
	case len(body) >= 4 && body[0] == 0x82 && body[1]&0x1f == 1 && body[1]>>5 >= 1 && body[1]>>5 <= 4:
		return 12, true
	}
	return 0, false
}

// checkPostgres asks which types of message each side has in version 3.
func checkPostgres(raw []byte, sp frame.Span, previous []byte, from Side) (float64, bool) {
	const (
		client = "BCDEFHPQSXpdcf"
		server = "KRSTCDEZAINtnsv123VGHWdcf"
	)
	if raw[0] == 0 {
		if len(raw) < 8 || from == Server {
			return 0, false
		}
		major := binary.BigEndian.Uint16(raw[4:])
		return 30, major == 3 || major == 1234
	}
	if len(raw) == 1 {
		return 1, from != Client
	}
	types := client + server
	switch from {
	case Client:
		types = client
	case Server:
		types = server
	}
	if previous == nil && from == Server && raw[0] != 'R' && raw[0] != 'E' && raw[0] != 'N' {
		return 3, strings.IndexByte(types, raw[0]) >= 0
	}
	if raw[0] == 'R' && sp.Body >= 4 && binary.BigEndian.Uint32(raw[sp.Head:]) <= 12 {
		return 20, true
	}
	if raw[0] == 'Z' && sp.Body == 1 && strings.IndexByte("ITE", raw[sp.Head]) >= 0 {
		return 14, true
	}
	return 3, strings.IndexByte(types, raw[0]) >= 0
}

// checkSyslog looks for the priority that messages of syslog start with; others are
// framed like that, too.
func checkSyslog(raw []byte, sp frame.Span, _ []byte, _ Side) (float64, bool) {
	body := raw[sp.Head:]
	if end := bytes.IndexByte(body[:min(len(body), 5)], '>'); end > 1 && body[0] == '<' && body[1] >= '0' && body[1] <= '9' {
		return 8, true
	}
	return 0, true
}

// checkMemcached believes in lines that count the data behind them.
func checkMemcached(raw []byte, _ frame.Span, _ []byte, _ Side) (float64, bool) {
	if end := bytes.Index(raw, []byte("\r\n")); end >= 0 && end+2 < len(raw) {
		return 8, true
	}
	return 0, true
}

func checkWS(raw []byte, sp frame.Span, previous []byte, from Side) (float64, bool) {
	if previous == nil && sp.Head == 0 && sp.Tail == 0 && len(raw) > 16 {
		head := bytes.ToLower(raw)
		return 60, bytes.Contains(head, []byte("upgrade")) && bytes.Contains(head, []byte("websocket"))
	}
	if len(raw) < 2 || previous == nil && raw[0]&15 == 0 || raw[0]&0x48 == 0x48 {
		return 0, false // a continuation of nothing, or a control frame that is compressed
	}
	if previous != nil && raw[0]&8 == 0 && previous[0]&8 == 0 && len(previous) < 1<<16 && !isHTTP(previous) {
		if goesOn, open := raw[0]&15 == 0, previous[0]&0x80 == 0; goesOn != open {
			return 0, false
		}
	}
	text := raw[0]&0x4f == 1 && raw[0]&0x80 != 0 && raw[1]&0x80 == 0
	return 2, !text || utf8.Valid(raw[sp.Head:])
}

func isHTTP(raw []byte) bool {
	return bytes.HasPrefix(raw, []byte("HTTP/")) || bytes.HasPrefix(raw, []byte("GET "))
}

func checkPacketstream(raw []byte, sp frame.Span, previous []byte, _ Side) (float64, bool) {
	tag, flags, ok := packet(raw[sp.Head:])
	if !ok {
		return 0, false
	}
	if flags == 0 && !isText(raw[sp.Head:]) {
		return 0, false // a reply that something failed has a text
	}
	bits := 0.0
	if s := string(raw); s == "\x03\x00\x02\x00" || s == "\x03\x01\x02\x00" {
		return 20, true
	}
	if previous != nil {
		_, n := bsuint.read(previous, 0)
		if before, _, ok := packet(previous[n:]); ok && tag == before+1 {
			bits += 0.9 // counters stand in many messages
		}
	}
	if flags <= 4 {
		bits += 0.5
	}
	return bits, true
}

// packet reads the tag and the flags of a packet.
func packet(b []byte) (tag, flags uint64, ok bool) {
	tag, n := bsuint.read(b, 0)
	if n <= 0 {
		return 0, 0, false
	}
	flags, m := bsuint.read(b, n)
	if m <= 0 {
		return 0, 0, false
	}
	for bit := range uint64(2) {
		if flags>>bit&1 == 0 {
			continue
		}
		_, k := bsuint.read(b, n+m)
		if k <= 0 {
			return 0, 0, false
		}
		m += k
	}
	return tag, flags, true
}
