package view

import (
	"strings"
	"testing"
)

// The mark stands under the byte, wherever that is in the stream and in its line.
func TestAppendFault(t *testing.T) {
	long := []byte(strings.Repeat("x", 100))
	for _, test := range []struct {
		frame     []byte
		start, at int64
		want      []string
	}{
		{[]byte("\r\nMXG 1\r\ny"), 10, 13, []string{
			"  0000000a  0d 0a 4d 58 47 20 31 0d  0a 79                    |..MXG 1..y|",
			"                     ^^ byte 13",
		}},
		{[]byte("12345678abc"), 0, 8, []string{
			"  00000000  31 32 33 34 35 36 37 38  61 62 63                 |12345678abc|",
			"                                     ^^ byte 8",
		}},
		{[]byte("12345"), 0x1_2345_6789, 0x1_2345_678a, []string{
			"  123456789  31 32 33 34 35                                    |12345|",
			"                ^^ byte 4886718346",
		}},
		{long[:3], 0, 3, []string{ // the stream ends too early
			"  00000000  78 78 78                                          |xxx|",
			"                     ^^ byte 3",
		}},
		{long[:16], 0, 16, []string{
			"  00000000  78 78 78 78 78 78 78 78  78 78 78 78 78 78 78 78  |xxxxxxxxxxxxxxxx|",
			"  00000010                                                    ||",
			"            ^^ byte 16",
		}},
		{long[:5], 7, 1000, []string{ // it was not kept
			"  00000007  78 78 78 78 78                                    |xxxxx|",
			"                           ^^ byte 1000",
		}},
	} {
		if got := string(AppendFault(nil, test.frame, test.start, test.at)); got != strings.Join(test.want, "\n")+"\n" {
			t.Errorf("%q from %d, byte %d:\n%swant\n%s", test.frame, test.start, test.at, got, strings.Join(test.want, "\n"))
		}
	}
	lines := strings.Split(string(AppendFault(nil, long, 0, 50)), "\n")
	var offsets []string
	for _, line := range lines[:len(lines)-1] {
		offsets = append(offsets, strings.Fields(line)[0])
	}
	if got := strings.Join(offsets, " "); got != "00000010 00000020 00000030 ^^ 00000040" {
		t.Errorf("lines %s", got)
	}
}
