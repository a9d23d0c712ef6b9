package detect_test

import (
	"fmt"
	"testing"

	"github.com/chancat/channel/detect"
)

// The fields of FIX have ends, its messages have none.
func TestDetectFIX(t *testing.T) {
	var data []byte
	for i := range 12 {
		data = fmt.Appendf(data, "8=FIX.4.4\x019=%d\x0135=D\x0134=%d\x0155=EUR\x0110=%03d\x01", 10+i, i*i*i, i)
	}
	if a := detect.Detect([]detect.Stream{{Data: data, Ended: true}}); a.Decided || a.Candidates[0].Framing != `delim=\x01` {
		t.Errorf("decided is %v, %+v", a.Decided, a.Candidates[0])
	}
}

// What has its length on a line before it is no stream of lines, or of values.
func TestDetectCountedText(t *testing.T) {
	for _, c := range []struct {
		format  string
		decided bool
	}{
		{"%d\r\n%s\r\n", false},
		{"%d\n%s\n", false},
		{"%d\n%s", false},
		{"1%d\n%s\n", true}, // numbers that are no lengths
		{"x%d\n%s\n", true},
	} {
		var data []byte
		for i := range 12 {
			body := fmt.Sprintf(`{"id":%d,"name":%q}`, i*i*i, "abcdefghijkl"[:i])
			data = fmt.Appendf(data, c.format, len(body), body)
		}
		if a := detect.Detect([]detect.Stream{{Data: data, Ended: true}}); a.Decided != c.decided {
			t.Errorf("%q: decided is %v, %+v", c.format, a.Decided, a.Candidates[0])
		}
	}
}
