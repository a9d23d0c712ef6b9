package view

import (
	"bytes"
	"unicode/utf8"
)

// Auto shows a JSON object or array compactly on one line, other text as [Text],
// and the rest as [Hex].
func Auto(dst, body []byte) []byte { return coloredAuto(dst, body, nil) }

func coloredAuto(dst, body []byte, c *Colors) []byte {
	switch trimmed := bytes.TrimLeft(body, jsonSpace); {
	case len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') && isJSON(body):
		return appendJSON(dst, body, 0, c)
	case isText(body):
		return Text(dst, body)
	}
	return Hex(dst, body)
}

// isText reports whether body is UTF-8 with no controls but those of text: white
// space, the ESC of colours, and a NUL at the end, as C and STOMP have it.
func isText(body []byte) bool {
	if n := len(body); n > 1 && body[n-1] == 0 {
		body = body[:n-1]
	}
	for _, c := range body {
		if c < ' ' && (c < '\t' || c > '\r') && c != 0x1b || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(body)
}
