package framing_test

import "testing"

// The examples are those of the documentation of LengthFieldBasedFrameDecoder.
func TestNetty(t *testing.T) {
	testDecode(t, []decodeTest{
		{"netty=0:2:0:0", "\x00\x0cHELLO, WORLD", []string{`0 "\x00\fHELLO, WORLD"`}},
		{"netty=0:2:0:2", "\x00\x0cHELLO, WORLD", []string{`0 "HELLO, WORLD"`}},
		{"netty=0:2:-2:0", "\x00\x0eHELLO, WORLD", []string{`0 "\x00\x0eHELLO, WORLD"`}},
		{"netty=2:3:0:0", "\xca\xfe\x00\x00\x0cHELLO, WORLD", []string{`0 "\xca\xfe\x00\x00\fHELLO, WORLD"`}},
		{"netty=0:3:2:0", "\x00\x00\x0c\xca\xfeHELLO, WORLD", []string{`0 "\x00\x00\f\xca\xfeHELLO, WORLD"`}},
		{"netty=1:2:1:3", "\xca\x00\x0c\xfeHELLO, WORLD", []string{`0 "\xfeHELLO, WORLD"`}},
		{"netty=1:2:-3:3", "\xca\x00\x10\xfeHELLO, WORLD", []string{`0 "\xfeHELLO, WORLD"`}},

		{"u16be,netty=1:2:-3:4", "\xca\x00\x10\xfeHELLO, WORLD", []string{`0 "HELLO, WORLD"`}},
		{"netty=1:2:0:1", "x\x00\x02hi", []string{`0 "\x00\x02hi"`}},
		{"netty=0:2:0:1", "\x00\x02hi\x00", []string{`0 "\x02hi"`,
			"frame at byte 4: byte 5: unexpected EOF: the frame lacks at least 1 more byte"}},
		{"netty=0:2:-2:0", "\x00\x02\x00\x01", []string{`0 "\x00\x02"`,
			"frame at byte 2: malformed frame: length 1: netty=0:2:-2:0, so at least 2"}},
		{"netty=0:2:0:4", "\x00\x03abc\x00\x01a", []string{`0 "c"`,
			"frame at byte 5: malformed frame: length 1: netty=0:2:0:4, so at least 2"}},
		{"netty=4:4:0:0,max=9", "abcd\x00\x00\x00\x02hi", []string{
			"frame at byte 0: byte 4: frame too large: a body of 10 bytes, the limit is 9"}},
	})
	testEncode(t, []encodeTest{
		{framing: "netty=1:2:-3:4", message: "hi", want: "\x00\x00\x06\x00hi"},
		{framing: "netty=1:2:-3:4,lead=ca,pad=fe", message: "hi", want: "\xca\x00\x06\xfehi"},
		{framing: "u16be,netty=1:2:-3:4,lead=ca,pad=fe", message: "hi", want: "\xca\x00\x06\xfehi"},
		{framing: "netty=0:4:0:0", message: "\x00\x00\x00\x02hi", want: "\x00\x00\x00\x02hi"},
		{framing: "netty=1:2:0:1,lead=ca", message: "\x00\x02hi", want: "\xca\x00\x02hi"},
		{framing: "netty=4:4:-4:4", message: "\x00\x00\x00\x06hi", want: "\x00\x00\x00\x00\x00\x00\x00\x06hi"},
		{framing: "netty=0:2:0:1", message: "\x02hi", want: "\x00\x02hi"},
		{framing: "netty=2:2:0:0", message: "ab\x00\x03hi",
			refusal: "by netty=2:2:0:0 a message of 6 bytes holds its length, 0002, at byte 2; this one has 0003"},
		{framing: "netty=0:2:0:1", message: "\x03hi",
			refusal: "by netty=0:2:0:1 a message of 3 bytes holds its length, 02, at byte 0; this one has 03"},
		{framing: "netty=0:4:0:0", message: "hi",
			refusal: "2 bytes; by netty=0:4:0:0 a message starts with the last 4 bytes of the head"},
	})
}
