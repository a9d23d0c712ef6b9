package framing_test

import "testing"

func TestNetstring(t *testing.T) {
	testDecode(t, []decodeTest{
		{"netstring", "5:hello,0:,", []string{`0 "hello"`, `8 ""`}},
		{"netstring", "1:x,5:hello", []string{`0 "x"`,
			"frame at byte 4: byte 11: unexpected EOF: the frame lacks at least 1 more byte"}},
		{"netstring", "12", []string{"frame at byte 0: byte 2: unexpected EOF: the frame lacks at least 2 more bytes"}},
		{"netstring", "1:x,2:hix", []string{`0 "x"`,
			"frame at byte 4: byte 8: malformed frame: after the 2 bytes of the body: got 'x', want ','"}},
		{"netstring", "1:x,\n", []string{`0 "x"`,
			"frame at byte 4: malformed frame: length: got '\\n', want a digit or ':'"}},
		{"netstring", ":", []string{"frame at byte 0: malformed frame: length: no digits before ':'"}},
		{"netstring", "05:hello,", []string{"frame at byte 0: malformed frame: length: leading zero"}},
		{"netstring", "1234567890:", []string{"frame at byte 0: byte 9: malformed frame: length: more than 9 digits"}},
		{"netstring,max=10", "999999999:", []string{
			"frame at byte 0: frame too large: a body of 999999999 bytes, the limit is 10"}},
	})
	testEncode(t, []encodeTest{
		{framing: "netstring", message: "", want: "0:,"},
		{framing: "netstring", message: "hello world!", want: "12:hello world!,"},
	})
	testResync(t, "netstring", map[string]int{
		"x:5:hello,": 2, "ab12:": 2, "ab12": 2, "ab12x": 5, "00:": 1, "12345678901:": 2, "": 0, ":": 1, ":5:": 1, "-5:": 1, "/5:": 1, "a5:": 1,
	})
}
