// Package detect tells from bytes what a stream is. It is pure: no I/O.
package detect

import "bytes"

// A Protocol is one that data can be told to be by its first bytes.
type Protocol struct {
	Name string // for people: "TLS"
	Try  string // what to try instead, for people
}

var signatures = []struct {
	prefixes []string
	protocol Protocol
}{
	{[]string{"\x16\x03\x00", "\x16\x03\x01", "\x16\x03\x02", "\x16\x03\x03", "\x15\x03\x01", "\x15\x03\x03"},
		Protocol{"TLS", "a tls:// address"}},
	{[]string{"HTTP/1.", "GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT "},
		Protocol{"HTTP/1", "another port, or a ws:// address for WebSocket"}},
	{[]string{"PRI * HTTP/2"}, Protocol{"HTTP/2", "another port"}},
	{[]string{"PROXY TCP", "\r\n\r\n\x00\r\nQUIT\n"}, Protocol{"a PROXY protocol header", "switching it off in the load balancer"}},
	{[]string{"SSH-"}, Protocol{"SSH", "another port"}},
	{[]string{"\x1f\x8b\x08"}, Protocol{"gzip", "decompressing first: gunzip"}},
	{[]string{"\r\nMSG "}, Protocol{"MSG frames", "-f msg"}},
	{[]string{"Content-Length:", "Content-Type:"}, Protocol{"frames with a Content-Length header", "-f lsp"}},
	{[]string{"INFO {"}, Protocol{"NATS", "-f nats"}},
	{[]string{"*1\r\n", "*2\r\n", "*3\r\n", "+OK\r\n", "+PONG\r\n", "-ERR "}, Protocol{"RESP (Redis)", "-f resp"}},
	{[]string{"AMQP\x00"}, Protocol{"AMQP", "-f amqp"}},
	{[]string{fixStart}, Protocol{"FIX", `-f delim=\x01 for its fields`}},
	{[]string{"220 ", "220-"}, Protocol{"the greeting of an SMTP or FTP server", "-f crlf"}},
	{[]string{"\xef\xbb\xbf"}, Protocol{"text with a byte order mark", "removing the first three bytes"}},
	{[]string{`{"`, "{\n", "[{"}, Protocol{"JSON", "-f line"}},
}

// ProtocolOf recognises a protocol by the first bytes of data.
func ProtocolOf(data []byte) (Protocol, bool) {
	for _, s := range signatures {
		for _, p := range s.prefixes {
			if bytes.HasPrefix(data, []byte(p)) {
				return s.protocol, true
			}
		}
	}
	return Protocol{}, false
}

// fixStart is the first field of a message of FIX.
const fixStart = "8=FIX"

// fix reports whether every one of streams begins with a message of FIX, of which each
// field has an end, but the message has none of its own.
func fix(streams []Stream) bool {
	for _, s := range streams {
		if !bytes.HasPrefix(s.Data, []byte(fixStart)) {
			return false
		}
	}
	return true
}

// http1 reports whether every one of streams begins with the first line of a request
// or an answer of HTTP/1.
func http1(streams []Stream) bool {
	for _, s := range streams {
		line, _, _ := bytes.Cut(s.Data[:min(len(s.Data), 4096)], []byte("\r\n"))
		if p := bytes.LastIndex(line, []byte("HTTP/1.")); p < 0 || p > 0 && p+len("HTTP/1.x") != len(line) {
			return false
		}
	}
	return true
}
