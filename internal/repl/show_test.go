package repl

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What is said breaks between words, and keeps its blanks.
func TestFold(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "-- "},
		{"one two", "-- one two"},
		{"three words more", "-- three\n   words\n   more"},
		{"a  b", "-- a  b"},
		{"longer-than-the-line is kept", "-- longer-than-the-line\n   is kept"},
		{"日本語 日本語", "-- 日本語\n   日本語"},
	} {
		if got := fold(c.text, "-- ", 13); strings.Replace(got, "\n-- ", "\n   ", -1) != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// A hex dump of one row is not broken in two because of what stands before it, and
// what is said breaks between words.
func TestNarrowTerminal(t *testing.T) {
	d, c, _ := connected(t, "line", nil)
	d.width.Store(72)
	c.says("\xff\xfe\x01\n")
	d.sees("← #1 3 B\n00000000  ff fe 01")
	c.says("short\n")
	d.sees("← #2 5 B  short\n")
	d.types("/raw")
	d.types("/framing u32be,at=1,frobnicate=17")
	d.sees("netty=OFFSET:WIDTH:ADJUST:STRIP\n   max=SIZE")
}

// What lasts and is easily forgotten stands in the prompt.
func TestPromptTellsState(t *testing.T) {
	d, _, address := connected(t, "line", nil)
	d.types("/record " + filepath.Join(t.TempDir(), "r"))
	d.prompts(address + " line recording> ")
	d.types("/record off")
	d.prompts(address + " line> ")
	d.press(keypress{err: io.EOF})
	d.prompts(address + " line half-closed> ")
}

// A block is remembered as what it is, and not as its lines.
func TestBlockIsRememberedWhole(t *testing.T) {
	d, c, _ := connected(t, "msg", nil)
	d.types("one")
	d.types("<<END")
	d.types("two")
	d.types("three")
	d.types("END")
	c.wants("\r\nMSG 3\r\none\r\nMSG 9\r\ntwo\nthree")
	d.mu.Lock()
	defer d.mu.Unlock()
	if got := strings.Join(d.remembered, "|"); !strings.HasSuffix(got, "|one|two\nthree") {
		t.Errorf("remembered %q", got)
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := &Session{}
	for i, after := range []time.Duration{0, 1500 * time.Millisecond, 1750 * time.Millisecond} {
		s.kept.add(&message{at: at.Add(after)})
		s.counts.begin(s.kept.kept[i])
	}
	for clock, want := range map[clock]string{clockOff: "← #3", clockOn: "10:00:01.750 ← #3", clockRelative: "1.750s ← #3", clockDelta: "+0.250s ← #3"} {
		s.clock = clock
		if got := s.markText(s.kept.kept[2]); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", clock, got, want)
		}
	}
}

func TestPercentilesAreReached(t *testing.T) {
	c := counts{since: time.Now(), latencies: []time.Duration{time.Second, 2 * time.Second}}
	c.in.messages = 2
	if got := c.report(time.Now()); !strings.Contains(got, "p50 1s, p99 2s, max 2s") {
		t.Error(got)
	}
}

// Nor is one that finds nobody where the connection was.
func TestSendWhenNobodyListensAnyMore(t *testing.T) {
	srv := serve(t)
	d := sit(t, "line", nil)
	d.types("/connect " + srv.address())
	c := srv.client()
	d.sees("connected to")
	srv.l.Close()
	c.SetLinger(0)
	c.Close()
	d.sees("connection lost")
	d.types("hello")
	d.sees(`message "hello" was not sent: dial `)
}
