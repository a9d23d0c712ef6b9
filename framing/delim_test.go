package framing_test

import (
	"strings"
	"testing"
)

func TestDelimiter(t *testing.T) {
	testDecode(t, []decodeTest{
		{"crlf", "a\r\n\r\nb\nc\rd\r\r\n", []string{`0 "a"`, `3 ""`, `5 "b\nc\rd\r"`}},
		{"crlf", "a\r\nb", []string{`0 "a"`,
			"frame at byte 3: byte 4: unexpected EOF: the frame lacks at least 2 more bytes"}},
		{"crlf", "b\r", []string{
			"frame at byte 0: byte 2: unexpected EOF: the frame lacks at least 1 more byte"}},
		{"nul", "a\x00\x00", []string{`0 "a"`, `2 ""`}},
		{`delim=\x2c`, "a,b;,", []string{`0 "a"`, `2 "b;"`}},
		{"delim=;", "a;b;", []string{`0 "a"`, `2 "b"`}},
		{"delim=a=b", "1a=b", []string{`0 "1"`}},
		{"delim=--END--", "x--END----END--", []string{`0 "x"`, `8 ""`}},
		{"delim=--END--", "--EN-END---END--", []string{`0 "--EN-END-"`}},
		{`delim=\n\r\t\0\\\x41`, "x\n\r\t\x00\\A", []string{`0 "x"`}},
		{"delim=aab,max=3", "aaaaab", []string{`0 "aaa"`}},
		{"delim=aab,max=3", "aaaaaab", []string{
			"frame at byte 0: frame too large: the body does not end within the limit of 3 bytes"}},
	})
	testEncode(t, []encodeTest{
		{framing: "crlf", message: "a\r", want: "a\r\r\n"},
		{framing: "nul", message: "a\x00b", refusal: `it holds the delimiter "\x00" at byte 1`},
		{framing: "nul", message: "\x00", refusal: `it holds the delimiter "\x00" at byte 0`},
		{framing: "delim=" + strings.Repeat("a", 254) + "b", message: "xa", want: "x" + strings.Repeat("a", 255) + "b"},
		{framing: "delim=aba", message: "xa", want: "xaaba"},
		{framing: "delim=aa", message: "xa",
			refusal: `its last bytes "a" and the delimiter "aa" make an earlier delimiter`},
		{framing: "delim=aba", message: "ab",
			refusal: `its last bytes "ab" and the delimiter "aba" make an earlier delimiter`},
		{framing: "delim=--END--", message: "--END",
			refusal: `its last bytes "--END" and the delimiter "--END--" make an earlier delimiter`},
	})
	testSpelling(t, map[string]string{
		"delim":      `delim needs a value, such as delim=; or delim=\r\n`,
		"delim=":     `delim needs a value, such as delim=; or delim=\r\n`,
		`delim=a\`:   `delim=a\: a lone backslash at the end; want \\`,
		`delim=\q`:   `delim=\q: unknown escape "\\q"; want \n \r \t \0 \\ or \xNN`,
		`delim=\x4`:  `delim=\x4: unknown escape "\\x4"; want \n \r \t \0 \\ or \xNN`,
		`delim=\x+4`: `delim=\x+4: unknown escape "\\x+4"; want \n \r \t \0 \\ or \xNN`,
		"crlf=x":     "crlf takes no value",
	})
}
