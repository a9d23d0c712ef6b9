package framing_test

import (
	"strings"
	"testing"
)

func TestLengthField(t *testing.T) {
	testEncode(t, []encodeTest{
		{framing: "u8", message: "hi", want: "\x02hi"},
		{framing: "u16be", message: "hi", want: "\x00\x02hi"},
		{framing: "u16le", message: "hi", want: "\x02\x00hi"},
		{framing: "u24be", message: "hi", want: "\x00\x00\x02hi"},
		{framing: "u24le", message: "hi", want: "\x02\x00\x00hi"},
		{framing: "u32be", message: "hi", want: "\x00\x00\x00\x02hi"},
		{framing: "u32le", message: "hi", want: "\x02\x00\x00\x00hi"},
		{framing: "u64be", message: "hi", want: "\x00\x00\x00\x00\x00\x00\x00\x02hi"},
		{framing: "u64le", message: "hi", want: "\x02\x00\x00\x00\x00\x00\x00\x00hi"},
		{framing: "u24be", message: strings.Repeat("x", 0x010203), want: "\x01\x02\x03" + strings.Repeat("x", 0x010203)},

		{framing: "u8,at=2,skip=1,tail=2", message: "hi", want: "\x00\x00\x02\x00hi\x00\x00"},
		{framing: "u8,at=2,skip=1,tail=2,lead=0102,pad=03,trail=0405", message: "hi", want: "\x01\x02\x02\x03hi\x04\x05"},
		{framing: "u8,at=2,skip=1,tail=2,incl", message: "hi", want: "\x00\x00\x08\x00hi\x00\x00"},
		{framing: "u8,adjust=-4", message: "hi", want: "\x06hi"},
		{framing: "u8,adjust=+2", message: "hi", want: "\x00hi"},
		{framing: "u8,adjust=2", message: "hi!", want: "\x01hi!"},
		{framing: "u8,magic=cafe", message: "hi", want: "\xca\xfe\x02hi"},
		{framing: "u8,magic=cafe,at=3,incl", message: "hi", want: "\xca\xfe\x00\x06hi"},
		{framing: "u8,magic=cafe,at=3,lead=cafe01", message: "hi", want: "\xca\xfe\x01\x02hi"},

		// Sums by Python: binascii.crc_hqx(b"hello", 0), zlib.crc32, sum.
		{framing: "u8,tail=crc16", message: "hello", want: "\x05hello\xc3\x62"},
		{framing: "u16be,tail=crc16", message: "hello", want: "\x00\x05hello\xc3\x62"},
		{framing: "u16le,tail=crc16", message: "hello", want: "\x05\x00hello\x62\xc3"},
		{framing: "u16be,tail=crc32", message: "hello", want: "\x00\x05hello\x36\x10\xa6\x86"},
		{framing: "u16le,tail=crc32", message: "hello", want: "\x05\x00hello\x86\xa6\x10\x36"},
		{framing: "u16le,tail=crc32,incl,skip=1", message: "hello", want: "\x0c\x00\x00hello\x86\xa6\x10\x36"},
		{framing: "u16be,tail=sum8", message: "hello", want: "\x00\x05hello\x14"},
		{framing: "varint,tail=crc16", message: "123456789", want: "\x09123456789\x31\xc3"},

		{framing: "u8", message: strings.Repeat("x", 255), want: "\xff" + strings.Repeat("x", 255)},
		{framing: "u8,at=9,incl", message: strings.Repeat("x", 245), want: "\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff" + strings.Repeat("x", 245)},
		{framing: "u8", message: strings.Repeat("x", 256), refusal: "256 bytes; a u8 length holds at most 255"},
		{framing: "u16be", message: strings.Repeat("x", 70000), refusal: "70000 bytes; a u16 length holds at most 65535"},
		{framing: "u8,at=9,incl", message: strings.Repeat("x", 246),
			refusal: "246 bytes, so the length is 256; a u8 length holds at most 255"},
		{framing: "u8,adjust=+3", message: "hi", refusal: "2 bytes; by adjust=+3 at least 3"},
	})
	testDecode(t, []decodeTest{
		{"u16be", "\x00\x02hi\x00\x00", []string{`0 "hi"`, `4 ""`}},
		{"u8,at=2,skip=1,tail=2", "xy\x02zhixyxy\x01z.xy", []string{`0 "hi"`, `8 "."`}},
		{"u16be", "\x00\x02h", []string{"frame at byte 0: byte 3: unexpected EOF: the frame lacks at least 1 more byte"}},
		{"u8,at=4,skip=2", "abc", []string{"frame at byte 0: byte 3: unexpected EOF: the frame lacks at least 2 more bytes"}},
		{"u8,at=4,skip=2", "abcd\x05e", []string{"frame at byte 0: byte 6: unexpected EOF: the frame lacks at least 1 more byte"}},
		{"u32be,incl", "\x00\x00\x00\x04\x00\x00\x00\x03", []string{`0 ""`,
			"frame at byte 4: malformed frame: length 3: it counts the whole frame, so at least 4"}},
		{"u8,at=1,skip=2,tail=3,incl", "x\x06", []string{
			"frame at byte 0: byte 1: malformed frame: length 6: it counts the whole frame, so at least 7"}},
		{"u32be,at=1,adjust=-4", "Q\x00\x00\x00\x06hiQ\x00\x00\x00\x02", []string{`0 "hi"`,
			"frame at byte 7: byte 8: malformed frame: length 2: adjust=-4, so at least 4"}},
		{"u8,magic=cafe", "\xca\xfe\x01x\xca\xff", []string{`0 "x"`,
			"frame at byte 4: byte 5: malformed frame: magic: got 0xff, want 0xfe of cafe"}},
		{"u16be,tail=crc16", "\x00\x05hello\xc3\x62\x00\x05hellO\xc3\x62", []string{`0 "hello"`,
			"frame at byte 9: byte 16: malformed frame: crc16: got 0xc362, the body has 0xe700"}},
		{"u16le,tail=crc32", "\x00\x00\x01\x00\x00\x00", []string{
			"frame at byte 0: byte 2: malformed frame: crc32: got 0x00000001, the body has 0x00000000"}},
		{"u8,tail=sum8", "\x02\xff\x02\x02", []string{
			"frame at byte 0: byte 3: malformed frame: sum8: got 0x02, the body has 0x01"}},
		{"u32be,max=10", "\x00\x00\x00\x0a0123456789\x00\x00\x00\x0b", []string{`0 "0123456789"`,
			"frame at byte 14: frame too large: a body of 11 bytes, the limit is 10"}},
		{"u8,at=3,max=10", "abc\xff", []string{
			"frame at byte 0: byte 3: frame too large: a body of 255 bytes, the limit is 10"}},
	})
	testResync(t, "u8,magic=cafe", map[string]int{"x\xca\x00\xca\xfe\x01": 3, "xx\xca": 2, "xx": 2, "\xca\xfe": 0})
}

// A length beyond an int is a claim like any other, and no sum with one wraps.
func TestLengthFieldHuge(t *testing.T) {
	const most = "\xff\xff\xff\xff\xff\xff\xff\xff"
	tooLarge := func(at, claim string) []string {
		return []string{"frame at byte 0: " + at + "frame too large: a body of " + claim + " bytes, the limit is 16777216"}
	}
	testDecode(t, []decodeTest{
		{"u32be", "\xff\xff\xff\xff", tooLarge("", "4294967295")},
		{"u32be,adjust=+1,skip=4,tail=9", "\x7f\xff\xff\xffabcd", tooLarge("", "2147483648")},
		{"u32be,adjust=-1,skip=4,tail=9", "\x7f\xff\xff\xffabcd", tooLarge("", "2147483646")},
		{"u64be", most, tooLarge("", "18446744073709551615")},
		{"u64le,adjust=+65536", most, tooLarge("", "18446744073709551615")},
		{"u64be,at=2,incl", "ab" + most, tooLarge("byte 2: ", "18446744073709551605")},
		{"u64be,tail=1", "\x7f" + most[1:], tooLarge("", "9223372036854775807")},
		{"varint,adjust=+1", strings.Repeat("\xff", 9) + "\x01", tooLarge("", "18446744073709551615")},
		{"bsuint", "\x81" + strings.Repeat("\xff", 8) + "\x7f", tooLarge("", "18446744073709551615")},
		{"netty=0:8:65536:0", most, tooLarge("", "18446744073709551615")},
	})
}

func TestLengthFieldSpelling(t *testing.T) {
	testSpelling(t, map[string]string{
		"u8,at=-1":                    `at=-1: want a number from 0 to 4096`,
		"u8,skip=4097":                `skip=4097: want a number from 0 to 4096`,
		"u8,tail=md5":                 `tail=md5: want crc16, crc32, sum8 or a number from 0 to 4096`,
		"u8,adjust=x":                 `adjust=x: want a number from -65536 to 65536`,
		"u8,incl,adjust=4":            `incl and adjust exclude each other: incl says what the length counts`,
		"u8,incl=1":                   `incl takes no value`,
		"u8,lead=01":                  `lead=01: its length is 1, but at is 0`,
		"u8,at=2,lead=01":             `lead=01: its length is 1, but at is 2`,
		"u8,skip=1,pad=0102":          `pad=0102: its length is 2, but skip is 1`,
		"u8,tail=1,trail=0102":        `trail=0102: its length is 2, but tail is 1`,
		"u8,tail=sum8,trail=01":       `trail and tail=sum8 exclude each other: the checksum is the tail`,
		"u8,at=1,magic=cafe":          `at=1: the 2 bytes of magic do not fit before the length`,
		"u8,at=2,magic=ca,lead=0102":  `lead=0102 does not start with magic=ca`,
		"u8,magic=xy":                 `magic=xy: want pairs of hexadecimal digits`,
		"u8,magic=":                   `magic needs a value`,
		"u8,at=1,at=2":                `at is given twice`,
		"u8,at=1,netty=0:1:0:0":       `netty and at exclude each other: the four numbers of netty say everything`,
		"u8,netty=0:2:0:0":            `netty=0:2:0:0: WIDTH is 2, but a length of u8 has 1`,
		"netty":                       `netty=: want four numbers, OFFSET:WIDTH:ADJUST:STRIP`,
		"netty=1:2:3":                 `netty=1:2:3: want four numbers, OFFSET:WIDTH:ADJUST:STRIP`,
		"netty=0:5:0:0":               `netty=0:5:0:0: WIDTH is 5; want 1, 2, 3, 4 or 8`,
		"netty=0:4:x:0":               `netty=0:4:x:0: ADJUST is "x"; want a number from -65536 to 65536`,
		"netty=2:4:0:0,lead=01":       `lead=01: its length is 1, but OFFSET is 2`,
		"netty=0:4:0:6,pad=01":        `pad=01: its length is 1, but what STRIP takes behind the length is 2`,
		"netty=0:4:0:0,magic=cafe":    `unknown option "magic"; netty knows lead=HEX pad=HEX max=SIZE`,
		"netty=0:4:0:0,pad=01":        `pad=01: its length is 1, but what STRIP takes behind the length is 0`,
		"u32be,netty=0:4:0:0,lead=zz": `lead=zz: want pairs of hexadecimal digits`,
	})
}
