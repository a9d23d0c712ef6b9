package detect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/session"
)

// recordings returns the conversations of real services: each with both
// directions, and each direction alone, which may be too little.
func recordings(t testing.TB) (both, alone []labelled) {
	t.Helper()
	const dir = "../testdata/recordings"
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []struct{ File, Version, Framing string }
	if err := json.Unmarshal(index, &entries); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		f, err := os.Open(filepath.Join(dir, e.File))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		l := labelled{Name: e.File, Class: "real: " + filepath.Dir(e.File), Program: e.Version, Framing: e.Framing}
		data := map[session.Side][]byte{}
		for ev, err := range session.NewReader(f, 0).Events() {
			if err != nil {
				t.Fatal(e.File, err)
			}
			if ev.Kind == session.Read {
				data[ev.From] = append(data[ev.From], ev.Data...)
			}
		}
		for _, side := range []session.Side{session.Client, session.Server} {
			if len(data[side]) == 0 {
				continue
			}
			one := l
			one.Streams = []stream{{Data: data[side], From: string(side), Conn: 1, Ended: true}}
			l.Streams = append(l.Streams, one.Streams...)
			if filepath.Dir(e.File) == "redis" {
				one.Accept = []string{"crlf"} // inline commands are nothing else
			}
			one.Name += ", only the " + string(side)
			alone = append(alone, one)
		}
		both = append(both, l)
	}
	return both, alone
}

// TestOneSide asks about one direction of real conversations. It may be too little
// to decide; it must not be decided wrongly.
func TestOneSide(t *testing.T) {
	_, alone := recordings(t)
	decided := 0
	for _, l := range alone {
		a := detect.Detect(l.streams())
		right, wrong := l.right(a)
		if wrong {
			t.Errorf("%s: want %s\n%s", l.Name, l.Framing, shown(a))
		}
		if right {
			decided++
		} else if testing.Verbose() {
			t.Logf("%s: %s\n%s", l.Name, a.Why, shown(a))
		}
	}
	t.Logf("%d of %d decided", decided, len(alone))
}
