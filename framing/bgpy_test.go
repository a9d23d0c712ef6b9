package framing_test

import "testing"

func TestBgpy(t *testing.T) {
	testEncode(t, []encodeTest{
		{"bgpy", "aGVsbG8=\n", "9               aGVsbG8=\n", ""},
		{"bgpy", "", "0               ", ""},
	})
	testDecode(t, []decodeTest{
		{"bgpy", "               5hello", []string{`frame at byte 0: malformed frame: length: got ' ', want a digit`}},
		{"bgpy", "5 5             hello", []string{`frame at byte 0: byte 2: malformed frame: length: got '5' behind a blank`}},
		{"bgpy,max=4", "5               hello", []string{`frame at byte 0: frame too large: a body of 5 bytes, the limit is 4`}},
	})
}
