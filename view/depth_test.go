package view

import (
	"bytes"
	"testing"
)

// Values are followed down to a depth at which recursion is safe, whatever they are
// nested in; what is nested deeper is shown as bytes or text.
func TestDepth(t *testing.T) {
	for _, test := range []struct {
		name                 string
		view                 View
		open, value, closing string
	}{
		{"msgpack array", Msgpack, "\x91", "\x01", ""},
		{"msgpack map, value", Msgpack, "\x81\x01", "\x01", ""},
		{"msgpack map, key", Msgpack, "\x81", "\x01", "\x01"},
		{"msgpack long array", Msgpack, "\xdc\x00\x01", "\x01", ""},
		{"cbor array", CBOR, "\x81", "\x01", ""},
		{"cbor map", CBOR, "\xa1\x01", "\x01", ""},
		{"cbor tag", CBOR, "\xc6", "\x01", ""},
		{"cbor array without length", CBOR, "\x9f", "\x01", "\xff"},
		{"cbor map without length", CBOR, "\xbf\x01", "\x01", "\xff"},
		{"resp array", RESP, "*1\r\n", ":1\r\n", ""},
		{"resp map", RESP, "%1\r\n:1\r\n", ":1\r\n", ""},
		{"resp attribute", RESP, "|1\r\n:1\r\n", ":1\r\n", ":1\r\n"},
	} {
		nested := func(depth int) []byte {
			body := bytes.Repeat([]byte(test.open), depth)
			return append(append(body, test.value...), bytes.Repeat([]byte(test.closing), depth)...)
		}
		const most = notationDepth - 1 // and the value
		if body := nested(most); bytes.Equal(test.view(nil, body), otherwise(nil, body)) {
			t.Errorf("%s: %d levels are not followed", test.name, most)
		}
		for _, depth := range []int{most + 1, 100_000} {
			if body := nested(depth); !bytes.Equal(test.view(nil, body), otherwise(nil, body)) {
				t.Errorf("%s: %d levels are followed", test.name, depth)
			}
		}
	}
}
