package detect

import (
	"bytes"
	"encoding/binary"

	"github.com/chancat/channel/frame"
)

// A signature recognises a protocol that is no framing of messages here.
type signature struct {
	start  string
	name   string
	repair string
	scheme string // of an address that speaks it
	own    string // framings that read it, and are not told of it
	check  func(b []byte) bool
}

var foreignProtocols = []signature{
	{start: "\x16\x03", name: "TLS handshake", repair: "the peer speaks TLS: use a tls:// address", scheme: "tls://", own: "tls", check: tlsRecord},
	{start: "\x15\x03", name: "TLS alert", repair: "the peer speaks TLS: use a tls:// address", scheme: "tls://", own: "tls", check: tlsRecord},
	{start: "\x17\x03", name: "TLS application data", repair: "the peer speaks TLS: use a tls:// address", scheme: "tls://", own: "tls", check: tlsRecord},
	{start: "PRI * HTTP/2", name: "HTTP/2 preface", repair: "the peer speaks HTTP/2: -f http2, or another port", own: "http2"},
	{start: "HTTP/1.", name: "HTTP response", repair: "the peer is an HTTP server: another port, or a ws:// address for WebSocket", own: "ws"},
	{start: "HTTP/2", name: "HTTP response", repair: "the peer is an HTTP server: another port", own: "ws"},
	{start: "", name: "HTTP request", repair: "the peer is an HTTP client: another port, or a ws:// address for WebSocket", own: "ws", check: httpRequest},
	{start: "PROXY TCP", name: "PROXY protocol header", repair: "switch the PROXY protocol off in the load balancer, or read its line first"},
	{start: "PROXY UNKNOWN", name: "PROXY protocol header", repair: "switch the PROXY protocol off in the load balancer, or read its line first"},
	{start: "\r\n\r\n\x00\r\nQUIT\n", name: "PROXY protocol header, version 2", repair: "switch the PROXY protocol off in the load balancer, or read its header first"},
	{start: "SSH-", name: "SSH banner", repair: "the peer speaks SSH: another port", own: "line crlf"},
	{start: "\x1f\x8b\x08", name: "gzip data", repair: "decompress it first: gunzip", check: func(b []byte) bool { return len(b) < 4 || b[3] < 0x20 }},
	{start: "AMQP", name: "AMQP protocol header", repair: "the peer speaks AMQP: -f amqp", own: "amqp"},
	{start: "\xef\xbb\xbf", name: "byte order mark before text", repair: "remove the first three bytes, ef bb bf: write UTF-8 without a byte order mark"},
	{start: "\xff\xfe", name: "UTF-16 text with a byte order mark", repair: "write UTF-8", check: utf16Text},
	{start: "\xfe\xff", name: "UTF-16 text with a byte order mark", repair: "write UTF-8", check: utf16Text},
	{start: "220 ", name: "greeting of an SMTP or FTP server", repair: "another port, or -f crlf", own: "line crlf", check: lineOfText},
	{start: "220-", name: "greeting of an SMTP or FTP server", repair: "another port, or -f crlf", own: "line crlf", check: lineOfText},
	{start: "* OK ", name: "greeting of an IMAP server", repair: "another port, or -f crlf", own: "line crlf", check: lineOfText},
	{start: "+OK ", name: "greeting of a POP3 server", repair: "another port, or -f crlf", own: "line crlf resp", check: lineOfText},
	{start: "RFB 00", name: "greeting of a VNC server", repair: "another port", own: "line"},
	{start: "PK\x03\x04", name: "zip archive", repair: "unpack it first"},
	{start: "\x28\xb5\x2f\xfd", name: "zstd data", repair: "decompress it first: unzstd"},
	{start: "BZh", name: "bzip2 data", repair: "decompress it first: bunzip2", check: func(b []byte) bool { return len(b) > 9 && string(b[4:10]) == "1AY&SY" }},
	{start: "\xfd7zXZ\x00", name: "xz data", repair: "decompress it first: unxz"},
	{start: "\x7fELF", name: "ELF program", repair: "that is a program, not what it prints"},
	{start: "{\"event\":\"session\"", name: "recording of chancat", repair: "read it as one: --as session", own: "line json"},
	{start: "\xd4\xc3\xb2\xa1", name: "packet capture (pcap)", repair: "read it as one: --as pcap"},
	{start: "\x0a\x0d\x0d\x0a", name: "packet capture (pcapng)", repair: "read it as one: --as pcap"},
}

// tlsRecord reports whether b starts with a TLS record.
func tlsRecord(b []byte) bool {
	if len(b) < 3 {
		return false
	}
	if b[1] != 3 || b[2] > 4 {
		return false
	}
	if len(b) < 5 {
		return true
	}
	n := int(binary.BigEndian.Uint16(b[3:]))
	if n == 0 || n > 1<<14+2048 {
		return false
	}
	if b[0] == 0x15 {
		return n == 2 || n > 16
	}
	if b[0] != 0x16 || len(b) < 6 {
		return true
	}
	switch b[5] {
	case 1, 2, 4, 8, 11, 12, 13, 14, 15, 16, 20:
		return true
	}
	return false
}

var httpMethods = []string{"GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE "}

// httpRequest reports whether b starts with the first line of an HTTP request.
func httpRequest(b []byte) bool {
	for _, m := range httpMethods {
		if !bytes.HasPrefix(b, []byte(m)) {
			continue
		}
		line, _, whole := bytes.Cut(b[:min(len(b), 8<<10)], []byte{'\n'})
		return !whole && len(b) < 8<<10 || bytes.Contains(line, []byte(" HTTP/"))
	}
	return false
}

func utf16Text(b []byte) bool {
	zeros := bytes.Count(b[:min(len(b), 64)], []byte{0})
	return len(b) >= 6 && zeros*3 >= min(len(b), 64)-2
}

func lineOfText(b []byte) bool {
	line, _, whole := bytes.Cut(b[:min(len(b), 1<<10)], []byte{'\n'})
	return whole && textual(line)
}

// protocolAt recognises another protocol at the start of b.
func (e *examination) protocolAt(b []byte) (signature, bool) {
	for _, s := range foreignProtocols {
		if !bytes.HasPrefix(b, []byte(s.start)) || s.check != nil && !s.check(b) {
			continue
		}
		if containsWord(s.own, e.name) && !(e.name == "ws" && bytes.HasPrefix(b, []byte("HTTP/")) && !upgraded(b)) {
			continue
		}
		return s, true
	}
	return signature{}, false
}

// upgraded reports whether b starts with the response that begins WebSocket.
func upgraded(b []byte) bool {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	return bytes.Contains(line, []byte(" 101"))
}

func containsWord(list, word string) bool {
	for len(list) > 0 {
		first, rest, _ := bytes.Cut([]byte(list), []byte{' '})
		if string(first) == word {
			return true
		}
		list = string(rest)
	}
	return false
}

// protocolBits is the evidence in the opening of a protocol.
const protocolBits = 24

// protocols looks for another protocol where decoding stuck, and at the start.
func (e *examination) protocols() {
	if e.err == nil { // anything decodes as lines
		s, ok := e.protocolAt(e.data)
		if ok && e.place.Offset == 0 && (s.scheme != "" || s.repair[:3] == "dec") {
			e.addProtocol(s, 0, 0)
		}
		return
	}
	if e.place.Offset == 0 {
		if s, ok := e.protocolAt(e.data); ok && (e.stuck == 0 || e.frames < 4 && (len(s.start) > 2 || s.check != nil)) {
			e.addProtocol(s, 0, 0)
			return
		}
	}
	if s, ok := e.protocolAt(e.data[e.stuck:]); ok && e.stuck > 0 {
		e.addProtocol(s, e.stuck, e.frames)
	}
}

// openings looks for another protocol where frames of a weak framing begin: what follows
// is read as frames too, until it breaks elsewhere.
func (e *examination) openings() {
	if e.chain.bits >= weakBits {
		return
	}
	for i, start := range e.starts {
		if start < e.chain.lo {
			continue
		}
		if s, ok := e.protocolAt(e.data[start:]); ok && s.unmistakable(e.data[start:]) {
			e.addProtocol(s, start, e.frames-len(e.starts)+i)
			return
		}
	}
}

// unmistakable reports whether so much of the protocol is there that chance does not
// write it at one of many places.
func (s *signature) unmistakable(b []byte) bool {
	switch {
	case s.start == "":
		return true // the first line of a request
	case s.start[1:] == "\x03":
		return len(b) > 5 && b[0] == 0x16 && (b[5] == 1 || b[5] == 2)
	}
	return len(s.start) > 3 || s.start == "\x1f\x8b\x08"
}

func (e *examination) addProtocol(s signature, offset, messages int) {
	x := Explanation{Cause: frame.CauseWrongProtocol, Detail: s.name, Repair: s.repair, Address: s.scheme}
	rest := e.data[offset:]
	switch s.own {
	case "tls", "http2", "amqp":
		x.Then = framesOf(s.own, rest, e.ended)
		if s.scheme == "" {
			x.Framing = s.own
		}
	}
	if s.start == "\xef\xbb\xbf" {
		sub := newExamination(e.framing, Stream{Data: rest[3:], From: e.from, Ended: e.ended}, Place{})
		sub.decode()
		x.Then = sub.frames
	}
	if s.own == "tls" && len(rest) > 5 && rest[0] == 0x16 {
		switch rest[5] {
		case 1:
			x.Detail = "TLS ClientHello"
		case 2:
			x.Detail = "TLS ServerHello"
		}
	}
	e.add(x, offset, messages, e.base(messages)+protocolBits)
}
