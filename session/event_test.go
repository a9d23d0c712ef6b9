package session_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/chancat/channel/session"
)

var noon = time.Date(2026, 11, 21, 23, 33, 47, 123456789, time.UTC)

// The lines of docs/spec.md §6, to the byte.
func TestAppend(t *testing.T) {
	for _, c := range []struct {
		event session.Event
		want  string
	}{
		{
			session.Event{Kind: session.Session, Time: noon, Framing: "msg", Program: "chancat 1.0"},
			`{"event":"session","v":1,"time":"2026-11-21T23:33:47.123456789Z","framing":"msg","program":"chancat 1.0"}`,
		},
		{
			session.Event{Kind: session.Open, Time: noon, Conn: 1, Local: "127.0.0.1:41234", Remote: "127.0.0.1:5000", Framing: "msg"},
			`{"event":"open","time":"2026-11-21T23:33:47.123456789Z","conn":1,"local":"127.0.0.1:41234","remote":"127.0.0.1:5000","framing":"msg"}`,
		},
		{
			session.Event{
				Kind: session.Message, Time: noon, Conn: 1, From: session.Client,
				Seq: 1, Head: 9, Body: 5, Reads: 1, Data: []byte("hello"),
			},
			`{"event":"message","time":"2026-11-21T23:33:47.123456789Z","conn":1,"from":"client","seq":1,"offset":0,"head":9,"body":5,"tail":0,"reads":1,"text":"hello"}`,
		},
		{
			session.Event{
				Kind: session.Message, Time: noon, Conn: 1, From: session.Server, Seq: 1, Answers: 1,
				Latency: 412*time.Microsecond + 999, Head: 9, Body: 2, Reads: 1, Data: []byte("\x00\xff"),
			},
			`{"event":"message","time":"2026-11-21T23:33:47.123456789Z","conn":1,"from":"server","seq":1,"answers":1,"latency_us":412,"offset":0,"head":9,"body":2,"tail":0,"reads":1,"base64":"AP8="}`,
		},
		{
			session.Event{
				Kind: session.Broken, Time: noon, Conn: 1, From: session.Server, Offset: 120, At: 133,
				Cause: "chars-not-bytes", Error: "…", Hint: "…", Data: []byte("hi"),
			},
			`{"event":"broken","time":"2026-11-21T23:33:47.123456789Z","conn":1,"from":"server","offset":120,"at":133,"cause":"chars-not-bytes","error":"…","hint":"…","base64":"aGk="}`,
		},
		{
			session.Event{Kind: session.Close, Time: noon, Conn: 1, From: session.Server, Reason: "eof"},
			`{"event":"close","time":"2026-11-21T23:33:47.123456789Z","conn":1,"from":"server","reason":"eof"}`,
		},
		{
			session.Event{Kind: session.Read, Time: noon, Conn: 1, From: session.Client, N: 2, Data: []byte("hi")},
			`{"event":"read","time":"2026-11-21T23:33:47.123456789Z","conn":1,"from":"client","n":2,"base64":"aGk="}`,
		},
		{
			session.Event{Kind: session.Lost, Time: noon, Conn: 1, From: session.Client, Offset: 7, N: 1448, Reason: "missing"},
			`{"event":"lost","time":"2026-11-21T23:33:47.123456789Z","conn":1,"from":"client","offset":7,"n":1448,"reason":"missing"}`,
		},
		{ // a message of a bare file, of which less is known
			session.Event{Kind: session.Message, Seq: 3, Offset: 1 << 40, Tail: 1, Reads: 1},
			`{"event":"message","seq":3,"offset":1099511627776,"head":0,"body":0,"tail":1,"reads":1,"text":""}`,
		},
		{ // each of what makes a message no text
			session.Event{Kind: session.Message, Body: 2, Data: []byte("a\x00")},
			`{"event":"message","seq":0,"offset":0,"head":0,"body":2,"tail":0,"reads":0,"base64":"YQA="}`,
		},
		{
			session.Event{Kind: session.Message, Body: 1, Data: []byte("\xff")},
			`{"event":"message","seq":0,"offset":0,"head":0,"body":1,"tail":0,"reads":0,"base64":"/w=="}`,
		},
		{
			session.Event{Kind: session.Message, Body: 1, Data: []byte("\x01")},
			`{"event":"message","seq":0,"offset":0,"head":0,"body":1,"tail":0,"reads":0,"text":"\u0001"}`,
		},
		{ // the years that are written in four digits
			session.Event{Kind: session.Note, Time: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)},
			`{"event":"note","time":"9999-12-31T23:59:59.999999999Z"}`,
		},
		{
			session.Event{Kind: session.Note, Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
			`{"event":"note"}`,
		},
		{ // nothing that a terminal obeys, and another time zone
			session.Event{
				Kind: session.Message, Time: noon.In(time.FixedZone("", 3600)), Reads: 1,
				Data: []byte("\x1b[2J\"\\\r\n\x7f\u009b\u202e\u2028 é"),
			},
			`{"event":"message","time":"2026-11-21T23:33:47.123456789Z","seq":0,"offset":0,"head":0,"body":0,"tail":0,"reads":1,"text":"\u001b[2J\"\\\r\n\u007f\u009b\u202e\u2028 é"}`,
		},
		{
			session.Event{Kind: session.Open, Time: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), Remote: "unix:\xff"},
			`{"event":"open","remote":"unix:\ufffd"}`,
		},
	} {
		if got := session.Append([]byte("> "), &c.event); string(got) != "> "+c.want {
			t.Errorf("got  %s\nwant > %s", got, c.want)
		}
	}
}

// testdata/golden.jsonl comes back to the byte.
func TestGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for e, err := range session.NewReader(bytes.NewReader(want), 0).Events() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(session.Append(got, &e), '\n')
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(int64(0), uint16(0), uint32(5), []byte("hello"), "eof")
	f.Add(int64(1e18), uint16(7), uint32(1<<31), []byte("\x00\xff"), "\u202e\"\\\x1b")
	f.Fuzz(func(t *testing.T, nanoseconds int64, small uint16, large uint32, data []byte, s string) {
		s = strings.ToValidUTF8(s, "")
		at := time.Unix(0, nanoseconds).UTC()
		n, conn := int(small), int(small%3)
		for _, e := range []session.Event{
			{Kind: session.Open, Time: at, Conn: conn, Local: s, Remote: s + "x", Framing: s},
			{
				Kind: session.Message, Time: at, Conn: conn, From: session.Client, Seq: n, Answers: 1,
				Latency: time.Duration(large) * time.Microsecond, Offset: int64(large) << 20, Head: n,
				Body: len(data), Tail: n, Reads: n, Data: data,
			},
			{Kind: session.Read, Time: at, Conn: conn, From: session.Server, N: len(data), Data: data},
			{
				Kind: session.Broken, Time: at, Conn: conn, From: session.Server, Offset: int64(large),
				At: int64(large) + 1, Cause: s, Error: s, Hint: s, Data: data,
			},
			{Kind: session.Lost, Time: at, Conn: conn, From: session.Client, Offset: int64(large), N: n, Reason: s},
			{Kind: session.Close, Time: at, Conn: conn, Reason: s},
		} {
			line := session.Append(nil, &e)
			for _, r := range string(line) {
				if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
					t.Fatalf("%q holds %U", line, r)
				}
			}
			if !json.Valid(line) {
				t.Fatalf("%s is no JSON", line)
			}
			got := readOne(t, line)
			if len(data) == 0 {
				got.Data, e.Data = nil, nil
			}
			if !reflect.DeepEqual(got, e) {
				t.Fatalf("%s:\ngot  %+v\nwant %+v", line, got, e)
			}
		}
	})
}

// readOne reads line as the second of a session file.
func readOne(t *testing.T, line []byte) session.Event {
	t.Helper()
	r := session.NewReader(strings.NewReader(header+string(line)+"\n"), 0)
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	e, err := r.Next()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return e
}

func TestAppendAllocs(t *testing.T) {
	e := session.Event{
		Kind: session.Message, Time: noon, Conn: 1, From: session.Client, Seq: 1, Answers: 1,
		Latency: time.Second, Head: 9, Body: 5, Reads: 1, Data: []byte("hello é\u202e"),
	}
	binary := session.Event{Kind: session.Read, Time: noon, N: 3, Data: []byte{0, 1, 2}}
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		dst = session.Append(dst[:0], &e)
		dst = session.Append(dst, &binary)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	e := session.Event{
		Kind: session.Message, Time: noon, Conn: 1, From: session.Client, Seq: 123456,
		Offset: 1 << 30, Head: 11, Body: 100, Reads: 1, Data: bytes.Repeat([]byte("x"), 100),
	}
	dst := make([]byte, 0, 4096)
	for b.Loop() {
		dst = session.Append(dst[:0], &e)
	}
	b.SetBytes(int64(len(dst)))
}
