package framing_test

import "testing"

func TestLSP(t *testing.T) {
	testEncode(t, []encodeTest{
		{framing: "lsp", message: "", want: "Content-Length: 0\r\n\r\n"},
		{framing: "lsp", message: "hello, world", want: "Content-Length: 12\r\n\r\nhello, world"},
	})
	testResync(t, "lsp", map[string]int{
		"":                               0,
		"x":                              1,
		"log\nContent-Length: 5\r\n\r\n": 4,
		"xcontent-length:5\r":            1,
		"xCONTENT-LENGTH:  ":             1,
		"xContent-Length: 12":            1,
		"xConten":                        1,
		"xContent-Length":                1,
		"xContent-Length 5\r\n":          19,
		"xContent-Length: \r\n":          19,
		"xContent-Length: 5x\r\n":        21,
		"xContent-Length: five\r\n":      23,
		"xContent-Lengths: 5\r\n":        21,
	})
}
