package text_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/text"
)

const limit = 1 << 20

// readAll returns copies of the messages before the first error, and the error
// unless it is io.EOF.
func readAll(r text.Reader) (messages []string, err error) {
	for {
		msg, err := r.Next()
		if err == io.EOF {
			return messages, nil
		}
		if err != nil {
			return messages, err
		}
		messages = append(messages, string(msg))
	}
}

func TestReader(t *testing.T) {
	for _, c := range []struct {
		coding, input string
		want          []string
	}{
		{"line", "", nil},
		{"line", "a\nb\n", []string{"a", "b"}},
		{"line", "a\r\n\n\nlast", []string{"a\r", "", "", "last"}},
		{"line", "\n", []string{""}},
		{"line", "\x00\xff\n", []string{"\x00\xff"}},
		{"nul", "a\nb\x00\x00c", []string{"a\nb", "", "c"}},
		{"raw", "", []string{""}},
		{"raw", "a\nb\x00\n", []string{"a\nb\x00\n"}},
		{"hex", "68656C6c6f\n68 65\t6c\r\n\n00ff", []string{"hello", "hel", "", "\x00\xff"}},
		{"base64", "aGVsbG8=\naGVsbG8\n\n/+8=\r\n", []string{"hello", "hello", "", "\xff\xef"}},
		{"escape", `\x1b\u{e9}\xff\n` + "\n\n" + `a\\b`, []string{"\x1bé\xff\n", "", `a\b`}},
		{"frames=msg", "\r\nMSG 2\r\n\n\x00\r\nMSG 0\r\n", []string{"\n\x00", ""}},
	} {
		for name, src := range map[string]io.Reader{
			"whole": strings.NewReader(c.input),
			"bytes": iotest.OneByteReader(strings.NewReader(c.input)),
			"halve": iotest.HalfReader(iotest.DataErrReader(strings.NewReader(c.input))),
		} {
			got, err := readAll(parse(t, c.coding).NewReader(src, limit))
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %s: %q: got %q, %v; want %q", c.coding, name, c.input, got, err, c.want)
			}
		}
	}
}

func TestReaderErrors(t *testing.T) {
	for _, c := range []struct {
		coding, input string
		limit         int
		before        int // messages that come first
		want          string
	}{
		{"line", "abc\nabcdef\n", 5, 1, `message 2: frame too large: the line is longer than the limit of 5 bytes; max=SIZE behind the framing raises it`},
		{"nul", "abcdef", 5, 0, `message 1: frame too large: the line is longer than the limit of 5 bytes; max=SIZE behind the framing raises it`},
		{"raw", "abcdef", 5, 0, `message 1: frame too large: the input is longer than the limit of 5 bytes; max=SIZE behind the framing raises it`},
		{"hex", "00\n00\n006g\n00\n", 5, 2, `message 3: column 4: 'g' is no hexadecimal digit`},
		{"hex", "0x00", 5, 0, `message 1: column 2: 'x' is no hexadecimal digit`},
		{"hex", "68 6 5\n", 5, 0, `message 1: column 4: '6' stands alone; a byte has two hexadecimal digits`},
		{"hex", "686", 5, 0, `message 1: column 3: '6' stands alone; a byte has two hexadecimal digits`},
		{"hex", "000000000000\n", 5, 0, `message 1: frame too large: the message is longer than the limit of 5 bytes; max=SIZE behind the framing raises it`},
		{"hex", strings.Repeat(" ", 100), 5, 0, `message 1: frame too large: the line is longer than the limit of 60 bytes; max=SIZE behind the framing raises it`},
		{"base64", "aGVsbG8=\na*", 5, 1, `message 2: column 2: '*' is not in the base64 alphabet A-Z a-z 0-9 + / =`},
		{"base64", "a-_a", 5, 0, `message 1: column 2: '-' is not in the base64 alphabet A-Z a-z 0-9 + / =`},
		{"base64", "aGVsb", 5, 0, `message 1: column 5: the base64 is cut short or wrongly padded`},
		{"base64", "aGV=sb", 5, 0, `message 1: column 4: the base64 is cut short or wrongly padded`},
		{"escape", "ok\n" + `ab\q`, 5, 1, `message 2: column 3: unknown escape "\\q"; known are \n \r \t \0 \\ \xNN \u{X}`},
		{"frames=msg", "\r\nMSG 1\r\nx\r\nMXG", 5, 1, `message 2: frame at byte 10: byte 13: malformed frame: got 'X', want 'S'`},
		{"frames=msg,max=3", "\r\nMSG 4\r\nabcd", 5, 0, `message 1: frame at byte 0: byte 6: frame too large: a body of 4 bytes, the limit is 3`},
		{"frames=msg", "\r\nMSG 4\r\nab", 5, 0, `message 1: frame at byte 0: byte 11: unexpected EOF: the frame lacks at least 2 more bytes`},
	} {
		got, err := readAll(parse(t, c.coding).NewReader(strings.NewReader(c.input), c.limit))
		var e *text.InputError
		if !errors.As(err, &e) || err.Error() != c.want || len(got) != c.before || e.Message != c.before+1 {
			t.Errorf("%s: %q: %d messages, then\n\t%v; want\n\t%s", c.coding, c.input, len(got), err, c.want)
		}
	}
}

func TestReaderGoesOnBehindABadLine(t *testing.T) {
	r := parse(t, "hex").NewReader(strings.NewReader("zz\n41\n"), limit)
	if _, err := r.Next(); err == nil {
		t.Fatal("zz is accepted")
	}
	if msg, err := r.Next(); err != nil || string(msg) != "A" {
		t.Errorf("%q, %v", msg, err)
	}
}

func TestReaderPassesReadErrorsOn(t *testing.T) {
	for _, coding := range []string{"line", "raw", "hex", "frames=msg"} {
		src := io.MultiReader(strings.NewReader("\r\n"), iotest.ErrReader(os.ErrPermission))
		r := parse(t, coding).NewReader(src, limit)
		_, err := readAll(r)
		var input *text.InputError
		if !errors.Is(err, os.ErrPermission) || errors.As(err, &input) {
			t.Errorf("%s: %v", coding, err)
		}
	}
}

func TestReaderLimit(t *testing.T) {
	line := strings.Repeat("x", 100)
	got, err := readAll(text.Line.NewReader(strings.NewReader(line+"\n"+line), 100))
	if err != nil || len(got) != 2 {
		t.Errorf("lines of exactly the limit: %d, %v", len(got), err)
	}
	_, err = text.Line.NewReader(strings.NewReader(line), 99).Next()
	if !errors.Is(err, frame.ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

func TestReaderAllocs(t *testing.T) {
	for coding, message := range map[string]string{
		"line": "a line of text\n", "nul": "a line of text\x00", "hex": "00 ff 10\n", "base64": "aGVsbG8=\n",
		"escape": `\x1b\u{e9}` + "\n", "frames=msg": "\r\nMSG 2\r\nhi",
	} {
		r := parse(t, coding).NewReader(strings.NewReader(strings.Repeat(message, 3000)), limit)
		for range 1000 {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(1000, func() {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a message", coding, n)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	for _, c := range []struct {
		coding, message string
	}{
		{"line", strings.Repeat("x", 99) + "\n"},
		{"line", strings.Repeat("x", 1<<20) + "\n"},
		{"hex", strings.Repeat("5a", 100) + "\n"},
		{"base64", strings.Repeat("QUJD", 33) + "\n"},
		{"escape", strings.Repeat("x", 99) + "\n"},
	} {
		b.Run(fmt.Sprintf("%s/%d", c.coding, len(c.message)), func(b *testing.B) {
			input := bytes.Repeat([]byte(c.message), max(1, 16<<20/len(c.message)))
			coding, err := text.Parse(c.coding)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(input)))
			messages := 0
			for b.Loop() {
				r := coding.NewReader(bytes.NewReader(input), 16<<20)
				for {
					if _, err := r.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
					messages++
				}
			}
			b.ReportMetric(float64(messages)/b.Elapsed().Seconds()/1e6, "Mmsg/s")
		})
	}
}
