package session_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/session"
)

const header = `{"event":"session","v":1,"framing":"msg"}` + "\n"

func TestReaderIsTolerant(t *testing.T) {
	in := `{"v":1, "x":[{}], "event":"session"}` + "\r\n" +
		`{"event":"fault","conn":2,"rule":"drop","time":"2026-11-22T00:33:47+01:00"}` + "\n" +
		`{"event":"message","text":"\ud83d\ude42","new":1}` + "\n\n" +
		`{"event":"read","n":5}`
	r := session.NewReader(iotest.OneByteReader(strings.NewReader(in)), 0)
	var got []session.Event
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 4 || got[1].Kind != "fault" || got[1].Conn != 2 || got[1].Time.Hour() != 0 ||
		string(got[2].Data) != "🙂" || got[3].N != 5 {
		t.Errorf("%+v", got)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

func TestReaderErrors(t *testing.T) {
	const notSession = `line 1: not a session file, which begins with {"event":"session","v":1,…}`
	for _, c := range []struct {
		in   string
		is   error // nil for none in particular
		want string
	}{
		{"", session.ErrNotSession, `line 1: the file is empty: not a session file, which begins with {"event":"session","v":1,…}`},
		{"\r\nMSG 5\r\nhello", session.ErrNotSession, notSession},
		{`{"event":"open"}` + "\n", session.ErrNotSession, notSession},
		{strings.Repeat("x", 300), session.ErrNotSession, notSession},
		{`{"event":"session"`, session.ErrNotSession, notSession},
		{`{"event":"session","v":2}` + "\n", nil, `line 1: unknown version of the session format: 2; this program reads 1`},
		{header + header, nil, `line 2: a second session header; these are several recordings in one file`},
		{header + `{"event":"close"}` + "\n" + `{"event":"clo`, io.ErrUnexpectedEOF, `line 3: the file ends inside this line: unexpected EOF`},
		{header + "\n \r\n{}\n", nil, `line 4: no "event"`}, // empty lines count
		{header + "{\"event\":\"close\"} x\n", nil, `line 2: invalid character 'x' after top-level value`},
		{header + "{}\n", nil, `line 2: no "event"`},
		{header + "\"\xff\"\n", nil, `line 2: not UTF-8`},
		{header + `{"event":"message","seq":1}` + "\n", nil, `line 2: message: neither "text" nor "base64"`},
		{header + `{"event":"message","text":"","base64":""}` + "\n", nil, `line 2: message: both "text" and "base64"`},
		{header + `{"event":"message","base64":"*"}` + "\n", nil, `line 2: illegal base64 data at input byte 0`},
		{header + `{"event":"read","n":3,"base64":"aGk="}` + "\n", nil, `line 2: read: "n" is 3, "base64" has 2 bytes`},
		{header + `{"event":"broken","offset":-1}` + "\n", nil, `line 2: broken: the number -1 cannot be`},
		{header + `{"event":"message","latency_us":9223372036854775807,"text":""}` + "\n", nil, `line 2: message: the number 9223372036854775807 cannot be`},
		{header + `{"event":"close","from":"peer"}` + "\n", nil, `line 2: close: "from" is "peer", want "client" or "server"`},
		{header + `{"event":"close","time":"now"}` + "\n", nil, `line 2: time "now" is not RFC 3339`},
		{header + strings.Repeat("x", 300), frame.ErrTooLarge, `line 2: frame too large: longer than the limit of 200 bytes`},
	} {
		r := session.NewReader(strings.NewReader(c.in), 200)
		var last error
		for _, err := range r.Events() {
			last = err
		}
		var e *session.Error
		if !errors.As(last, &e) || last.Error() != c.want || c.is != nil && !errors.Is(last, c.is) {
			t.Errorf("%q:\ngot  %v\nwant %s", c.in, last, c.want)
		}
		if _, err := r.Next(); err != last {
			t.Errorf("%q: then %v", c.in, err)
		}
	}
}

func TestReaderGivesWhatWasBefore(t *testing.T) {
	golden, err := os.ReadFile("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(golden, '\n') + 1
	for cut := first; cut < len(golden); cut++ {
		want := bytes.Count(golden[:cut], []byte("\n"))
		if golden[cut] == '\n' {
			want++ // only the LF is missing: the line is complete
		}
		got, broken := 0, false
		for _, err := range session.NewReader(bytes.NewReader(golden[:cut]), 0).Events() {
			if err == nil {
				got++
				continue
			}
			broken = true
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
		boundary := golden[cut-1] == '\n' || golden[cut] == '\n'
		if got != want || broken == boundary {
			t.Fatalf("cut at %d: %d events, want %d; broken %v", cut, got, want, broken)
		}
	}
}

func TestReaderPassesReadErrorsOn(t *testing.T) {
	for _, in := range []string{header, header + "{"} {
		r := session.NewReader(io.MultiReader(strings.NewReader(in), iotest.ErrReader(os.ErrPermission)), 0)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != os.ErrPermission {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// What the Reader accepts, it reads again from what Append makes of it.
func FuzzReader(f *testing.F) {
	golden, err := os.ReadFile("testdata/golden.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(golden) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r := session.NewReader(strings.NewReader(header+string(line)), 0)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		e, err := r.Next()
		if err != nil {
			return
		}
		first := session.Append(nil, &e)
		again := readOne(t, first)
		if second := session.Append(nil, &again); !bytes.Equal(first, second) {
			t.Fatalf("%s\n%s", first, second)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	e := session.Event{
		Kind: session.Message, Time: noon, Conn: 1, From: session.Client, Seq: 123456,
		Offset: 1 << 30, Head: 11, Body: 100, Reads: 1, Data: bytes.Repeat([]byte("x"), 100),
	}
	line := append(session.Append(nil, &e), '\n')
	in := append([]byte(header), bytes.Repeat(line, 10_000)...)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		for _, err := range session.NewReader(bytes.NewReader(in), 0).Events() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
