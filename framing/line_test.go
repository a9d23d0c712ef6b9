package framing_test

import "testing"

func TestLine(t *testing.T) {
	testDecode(t, []decodeTest{
		{"line", "", nil},
		{"line", "a\n\nb\n", []string{`0 "a"`, `2 ""`, `3 "b"`}},
		{"line", "a\r\n\r\nb\rc\n", []string{`0 "a"`, `3 ""`, `5 "b\rc"`}},
		{"line", "a\r\r\n", []string{`0 "a\r"`}},
		{"line", "a\nlast", []string{`0 "a"`, `2 "last"`}},
		{"line", "a\nlast\r", []string{`0 "a"`, `2 "last"`}},
		{"line", "\r", []string{`0 ""`}},
		{"line,max=3", "abc\r\nabc\r", []string{`0 "abc"`, `5 "abc"`}},
		{"line,max=3", "a\nabcd\n", []string{`0 "a"`,
			"frame at byte 2: frame too large: the body does not end within the limit of 3 bytes"}},
		{"line,max=3", "abcd", []string{
			"frame at byte 0: frame too large: the body does not end within the limit of 3 bytes"}},
	})
	testEncode(t, []encodeTest{
		{framing: "line", message: "", want: "\n"},
		{framing: "line", message: "a\rb", want: "a\rb\n"},
		{framing: "line", message: "a\nb", refusal: "it holds LF at byte 1, where its line would end"},
		{framing: "line", message: "\n", refusal: "it holds LF at byte 0, where its line would end"},
		{framing: "line", message: "a\r", refusal: "it ends in CR, which is not delivered before LF"},
	})
}
