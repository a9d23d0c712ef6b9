package text_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/text"
)

func TestWriter(t *testing.T) {
	messages := []string{"hello", "", "a\nb\x00\xff\\"}
	for coding, want := range map[string]string{
		"line":       "hello\n\na\nb\x00\xff\\\n",
		"nul":        "hello\x00\x00a\nb\x00\xff\\\x00",
		"raw":        "helloa\nb\x00\xff\\",
		"hex":        "68656c6c6f\n\n610a6200ff5c\n",
		"base64":     "aGVsbG8=\n\nYQpiAP9c\n",
		"escape":     "hello\n\n" + `a\nb\0\xff\\` + "\n",
		"frames=msg": "\r\nMSG 5\r\nhello\r\nMSG 0\r\n\r\nMSG 6\r\na\nb\x00\xff\\",
	} {
		var out bytes.Buffer
		w := parse(t, coding).NewWriter(&out)
		for _, m := range messages {
			if err := w.WriteMessage([]byte(m)); err != nil {
				t.Fatal(err)
			}
		}
		if out.Len() != 0 {
			t.Errorf("%s: %q is written before Flush", coding, out.String())
		}
		if err := w.Flush(); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v; want %q", coding, out.String(), err, want)
		}
	}
}

// TestWriteMessages writes many at once, of sizes with which the buffer fills in the
// middle, and none of what is behind one that cannot be sent.
func TestWriteMessages(t *testing.T) {
	var messages [][]byte
	for _, size := range []int{0, 1, 100, 40_000, 25_000, 535, 64_000, 70_000, 3} {
		messages = append(messages, bytes.Repeat([]byte{'a' + byte(size%26)}, size))
	}
	for _, coding := range []string{"line", "nul", "raw", "hex", "escape", "frames=msg"} {
		var one, many bytes.Buffer
		w := parse(t, coding).NewWriter(&one)
		for _, msg := range messages {
			w.WriteMessage(msg)
		}
		w.Flush()
		w = parse(t, coding).NewWriter(&many)
		if err := errors.Join(w.WriteMessages(messages[:4]), w.WriteMessages(messages[4:]), w.Flush()); err != nil || many.String() != one.String() {
			t.Errorf("%s: %d bytes, %v; want the %d that one by one gives", coding, many.Len(), err, one.Len())
		}
	}
	var out bytes.Buffer
	w := parse(t, "frames=u8").NewWriter(&out)
	err := w.WriteMessages([][]byte{[]byte("a"), make([]byte, 300), []byte("b")})
	if !errors.Is(err, frame.ErrUnsendable) || w.Flush() != nil || out.String() != "\x01a" {
		t.Errorf("%v, %q", err, out.String())
	}
	var dst failing
	w = text.Line.NewWriter(&dst)
	if err := w.WriteMessages(messages); !errors.Is(err, os.ErrClosed) || w.WriteMessages(messages[:1]) != err || dst.calls != 1 {
		t.Errorf("%v after %d calls", err, dst.calls)
	}
}

// writes records what each call of Write got.
type writes [][]byte

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, p)
	return len(p), nil
}

func TestWriterDoesNotCopyLargeMessages(t *testing.T) {
	msg := bytes.Repeat([]byte("x"), 100_000)
	for _, coding := range []string{"line", "nul", "raw", "frames=msg"} {
		var out writes
		w := parse(t, coding).NewWriter(&out)
		if err := errors.Join(w.WriteMessage([]byte("small")), w.WriteMessage(msg), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(out, func(p []byte) bool { return len(p) == len(msg) && &p[0] == &msg[0] }) {
			t.Errorf("%s: the message was copied", coding)
		}
	}
}

// bounded fails when a write is larger than the buffer.
type bounded struct {
	t *testing.T
	bytes.Buffer
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > 64<<10 {
		b.t.Errorf("a write of %d bytes", len(p))
	}
	return b.Buffer.Write(p)
}

// Messages whose sizes lie round the edges of the buffer, and of the pieces in
// which long ones are encoded, come back.
func TestWriterSizes(t *testing.T) {
	pattern := []byte("\x00é\xffplain 日本\\\xc3\u202e🙂")
	for _, coding := range []string{"hex", "base64", "escape"} {
		out := bounded{t: t}
		var want []string
		w := parse(t, coding).NewWriter(&out)
		for _, edge := range []int{12 << 10, 24 << 10, 64 << 10, 128 << 10} {
			for size := edge - 4; size < edge+4; size++ {
				for shift := range 4 {
					msg := bytes.Repeat(pattern, size/len(pattern)+2)[shift:][:size]
					want = append(want, string(msg))
					if err := w.WriteMessage(msg); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(parse(t, coding).NewReader(&out, limit))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d of %d messages, %v", coding, len(got), len(want), err)
		}
		if coding == "escape" && strings.Contains(out.String(), `\xe6`) {
			t.Error("a code point was cut")
		}
	}
}

type failing struct{ calls int }

func (f *failing) Write([]byte) (int, error) {
	f.calls++
	return 0, os.ErrClosed
}

func TestWriterErrorIsSticky(t *testing.T) {
	for _, coding := range []string{"line", "escape"} {
		var dst failing
		w := parse(t, coding).NewWriter(&dst)
		large := make([]byte, 200_000)
		first := w.WriteMessage(large)
		if !errors.Is(first, os.ErrClosed) || w.WriteMessage([]byte("x")) != first || w.Flush() != first || dst.calls != 1 {
			t.Errorf("%s: %v after %d calls", coding, first, dst.calls)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("hello"), []byte(""), uint16(1))
	f.Add([]byte("\x00\xff\\n\n"), []byte("\u202e\x1b"), uint16(9000))
	f.Fuzz(func(t *testing.T, a, b []byte, repeat uint16) {
		if len(a) > 64 {
			return // long ones are made by repetition
		}
		long := bytes.Repeat(a, int(repeat))
		for _, coding := range []string{"line", "nul", "raw", "hex", "base64", "escape", "frames=msg"} {
			want := []string{string(a), string(long), string(b)}
			switch coding {
			case "line":
				want = slices.DeleteFunc(want, func(s string) bool { return strings.Contains(s, "\n") })
			case "nul":
				want = slices.DeleteFunc(want, func(s string) bool { return strings.Contains(s, "\x00") })
			case "raw":
				want = want[1:2]
			}
			c := parse(t, coding)
			var out bytes.Buffer
			w := c.NewWriter(&out)
			for _, m := range want {
				if err := w.WriteMessage([]byte(m)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			got, err := readAll(c.NewReader(&out, 8<<20))
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: %.100q -> %.100q, %v", coding, want, got, err)
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("68 65\n6\n"))
	f.Add([]byte("aGVsbG8=\n=\n"))
	f.Add([]byte(`\x1b\u{e9}` + "\n\\\n\r\nMSG 2\r\nhi"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, name := range text.Names() {
			r := parse(t, strings.Replace(name, "FRAMING", "msg,max=100", 1)).NewReader(bytes.NewReader(in), 100)
			last := 0
			for range len(in) + 2 {
				msg, err := r.Next()
				if err == io.EOF {
					break
				}
				if len(msg) > 100 {
					t.Fatalf("%s: a message of %d bytes", name, len(msg))
				}
				if err == nil {
					last++
					continue
				}
				var e *text.InputError
				if !errors.As(err, &e) || e.Message != last+1 {
					t.Fatalf("%s: after %d messages: %v", name, last, err)
				}
				if e.Column == 0 {
					break // the end of the messages
				}
				last++
			}
		}
	})
}

func TestWriterAllocs(t *testing.T) {
	msg := []byte("plain \x1b\xff\u202e")
	for _, coding := range []string{"line", "nul", "raw", "hex", "base64", "escape", "frames=msg"} {
		w := parse(t, coding).NewWriter(io.Discard)
		if n := testing.AllocsPerRun(10_000, func() {
			if err := w.WriteMessage(msg); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a message", coding, n)
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	for _, coding := range []string{"line", "hex", "base64", "escape", "frames=msg"} {
		b.Run(coding, func(b *testing.B) {
			w := parse(b, coding).NewWriter(io.Discard)
			msg := bytes.Repeat([]byte("x"), 100)
			b.SetBytes(100)
			for b.Loop() {
				if err := w.WriteMessage(msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
