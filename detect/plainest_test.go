package detect_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// Texts that are all equally long decide nothing, but the plain rule stands first.
func TestEquallyLongTexts(t *testing.T) {
	var u16, u32 []byte
	for i := range 9 {
		text := fmt.Sprintf("message %d", i)
		u16 = append(binary.LittleEndian.AppendUint16(u16, uint16(len(text))), text...)
		u32 = append(binary.BigEndian.AppendUint32(u32, uint32(len(text))), text...)
	}
	for want, data := range map[string][]byte{"u16le": u16, "u32be": u32} {
		a := detect.Detect([]detect.Stream{{Data: data, Ended: true}})
		if a.Decided || a.Candidates[0].Framing != want || !strings.Contains(a.Why, "equally long") {
			t.Errorf("%s: decided %v, %s first, %q", want, a.Decided, a.Candidates[0].Framing, a.Why)
		}
	}
}

// Readings that decode the bytes too, and that nobody means, do not come first.
func TestExplainPlainest(t *testing.T) {
	for _, c := range []struct {
		name, framing, data string
		cause               frame.Cause
		as                  string
	}{
		{"short 16-bit lengths, whose upper halves make empty frames of 8 bits", "u32be",
			"\x00\x05hello\x00\x09{\"a\":\"b\"}\x00\x03abc", detect.CauseWidth, "u16be"},
		{"a frame with a word, of which the first byte may be a length", "u32be", "\r\nMSG 5\r\nhello", detect.CauseWrongFraming, "msg"},
		{"commands of Redis, which are lines too", "u32be",
			"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n", detect.CauseWrongFraming, "resp"},
		{"lines that are no more", "u32be", "hello\r\nworld\r\nthird line\r\n", detect.CauseWrongFraming, "crlf"},
		{"a large frame behind a small one that a narrower length reads too", "nativemessaging,max=1MiB",
			"\x02\x00\x00\x00{}\x00\x00\x20\x00" + strings.Repeat(" ", 2<<20), frame.CauseTooLarge, ""},
	} {
		f, err := framing.Parse(c.framing)
		if err != nil {
			t.Fatal(err)
		}
		d := detect.Explain(f, detect.Stream{Data: []byte(c.data), Ended: true})
		if x := d.Best(); x.Cause != c.cause || c.as != "" && x.Framing != c.as {
			t.Errorf("%s: %s as %q: %s; want %s as %q", c.name, x.Cause, x.Framing, x.Detail, c.cause, c.as)
		}
	}
}

// Where only the last message is longer than one byte can say, the lower bytes of the
// lengths run through it to the end; the whole length ends where the data does.
func TestLastMessageLong(t *testing.T) {
	words := strings.Fields("alpha beta gamma delta epsilon zeta eta theta iota kappa")
	text := func(i, n int) string {
		var b strings.Builder
		for b.Len() < n {
			b.WriteString(words[(i*7+b.Len()*3)%len(words)] + " ")
		}
		return b.String()[:n]
	}
	for _, longest := range []int{260, 299, 300, 1000} {
		var u16be, u16le, u24, u32 []byte
		for i := range 31 {
			m := text(i, 3+(i*29)%57)
			if i == 30 {
				m = text(i, longest)
			}
			n := uint32(len(m))
			u16be = append(binary.BigEndian.AppendUint16(u16be, uint16(n)), m...)
			u16le = append(binary.LittleEndian.AppendUint16(u16le, uint16(n)), m...)
			u24 = append(append(u24, byte(n>>16), byte(n>>8), byte(n)), m...)
			u32 = append(binary.BigEndian.AppendUint32(u32, n), m...)
		}
		for want, data := range map[string][]byte{"u16be": u16be, "u16le": u16le, "u24be": u24, "u32be": u32} {
			a := detect.Detect([]detect.Stream{{Data: data, Ended: true}})
			if !a.Decided || a.Candidates[0].Framing != want {
				t.Errorf("%s, the last of %d bytes: decided %v, %s first, %q", want, longest, a.Decided, a.Candidates[0].Framing, a.Why)
			}
		}
	}
}
