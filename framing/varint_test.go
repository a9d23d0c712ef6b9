package framing_test

import (
	"strings"
	"testing"
)

func TestVarint(t *testing.T) {
	x := strings.Repeat("x", 1<<14)
	testEncode(t, []encodeTest{
		{framing: "varint", message: "", want: "\x00"},
		{framing: "varint", message: x[:127], want: "\x7f" + x[:127]},
		{framing: "varint", message: x[:128], want: "\x80\x01" + x[:128]},
		{framing: "varint", message: x[:300], want: "\xac\x02" + x[:300]},
		{framing: "varint", message: x[:1<<14], want: "\x80\x80\x01" + x},
		{framing: "bsuint", message: "", want: "\x00"},
		{framing: "bsuint", message: x[:127], want: "\x7f" + x[:127]},
		{framing: "bsuint", message: x[:128], want: "\x81\x00" + x[:128]},
		{framing: "bsuint", message: x[:300], want: "\x82\x2c" + x[:300]},
		{framing: "bsuint", message: x[:1<<14], want: "\x81\x80\x00" + x},

		// The length counts itself, and grows by that.
		{framing: "varint,incl", message: x[:126], want: "\x7f" + x[:126]},
		{framing: "varint,incl", message: x[:127], want: "\x81\x01" + x[:127]},
		{framing: "bsuint,incl,tail=1", message: x[:126], want: "\x81\x01" + x[:126] + "\x00"},
		{framing: "varint,at=1,skip=1", message: "hi", want: "\x00\x02\x00hi"},
	})
	testDecode(t, []decodeTest{
		{"varint", "\x82\x00hi\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00x", []string{`0 "hi"`, `4 "x"`}},
		{"bsuint", "\x80\x02hi\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01x", []string{`0 "hi"`, `4 "x"`}},
		{"varint,incl", "\x84\x00hi", []string{`0 "hi"`}},
		{"varint", "\x01x\x80", []string{`0 "x"`,
			"frame at byte 2: byte 3: unexpected EOF: the frame lacks at least 1 more byte"}},
		{"varint", strings.Repeat("\xff", 9) + "\x02", []string{
			"frame at byte 0: byte 9: malformed frame: length: got 0x02 as byte 10; a varint of 64 bits ends there with 00 or 01"}},
		{"varint", strings.Repeat("\x80", 10) + "\x00", []string{
			"frame at byte 0: byte 9: malformed frame: length: got 0x80 as byte 10; a varint of 64 bits ends there with 00 or 01"}},
		{"bsuint", "\x82" + strings.Repeat("\xff", 8) + "\x7f", []string{
			"frame at byte 0: byte 9: malformed frame: length: more than 64 bits"}},
		{"bsuint", strings.Repeat("\x80", 10) + "\x00", []string{
			"frame at byte 0: byte 9: malformed frame: length: got 0x80 as byte 10, which must be the last: want less than 0x80"}},
		{"varint,max=4", "\x01x\xac\x02", []string{`0 "x"`,
			"frame at byte 2: frame too large: a body of 300 bytes, the limit is 4"}},
	})
}
