package repl

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
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
