package diff_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/diff"
	"github.com/chancat/channel/internal/text/escape"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{`{"a":1,"b":[1,2]}`, `{"b":[1],"c":null}`, "- $.a  1\n- $.b[1]  2\n+ $.c  null\n"},
		{`[1]`, `[ 1 ]`, "the same JSON, written differently\n"},
		{`{"odd key":"\u001b[2J"}`, `{"odd key":1e3}`, "~ $[\"odd key\"]  \"\\u001b[2J\" → 1e3\n"},
		{"one\ntwo\nthree", "one\n2\nthree", "- two\\n\n+ 2\\n\n"},
		{"a\nb\nc\n", "b\nc\nd\n", "- a\\n\n+ d\\n\n"},
		{"\x00\x01", "\x00\x02", "- 00000000  00 01                                             |..|\n+ 00000000  00 02                                             |..|\n"},
		{strings.Repeat("\x00", 17), strings.Repeat("\x00", 16), "- 00000010  00                                                |.|\n"},
	} {
		if got := string(diff.Append(nil, []byte(c.a), []byte(c.b), false)); got != c.want {
			t.Errorf("%q %q:\n%s, want\n%s", c.a, c.b, got, c.want)
		}
	}
}

// A difference is told wherever it is: in a long value by what stands round it.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("x", 300)
	deep := strings.Repeat("[", 150) + "1" + strings.Repeat("]", 150)
	for _, c := range []struct{ a, b, from, to string }{
		{`{"s":"` + long + `1"}`, `{"s":"` + long + `2"}`, `x1"`, `x2"`},
		{`{"s":"` + long + `1` + long + `"}`, `{"s":"` + long + `2` + long + `"}`, `x1x`, `x2x`},
		{deep, strings.Replace(deep, "1", "2", 1), "[1]", "[2]"},
	} {
		got := string(diff.Append(nil, []byte(c.a), []byte(c.b), true))
		before, after, ok := strings.Cut(got, " -> ")
		if !ok || !strings.Contains(before, c.from) || !strings.Contains(after, c.to) || strings.Count(got, "\n") != 1 {
			t.Errorf("%.40q...: %s", c.a, got)
		}
	}
}

// What a message holds does not decide about memory: paths are cut short, and those
// beyond what is shown are not made.
func TestLongPaths(t *testing.T) {
	many := func(x string) []byte {
		return []byte(`{"` + strings.Repeat("k", 1<<18) + `":[` + strings.Repeat(x+",", 1<<18) + x + `]}`)
	}
	got := string(diff.Append(nil, many("1"), many("2"), true))
	if len(got) > 100_000 || !strings.HasSuffix(got, "\nand 261945 more lines\n") {
		t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-100):])
	}
}

// Whatever the messages, the differences are lines that a terminal can show.
func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{"a":[1,"x"]}`), []byte(`{"a":[2]}`))
	f.Add([]byte("one\ntwo"), []byte("one\n\x1b[2J"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, line := range strings.SplitAfter(string(diff.Append(nil, a, b, true)), "\n") {
			for _, r := range strings.TrimSuffix(line, "\n") {
				if !escape.Shown(r) {
					t.Fatalf("%q in %q", r, line)
				}
			}
		}
		if at := diff.Offset(a, b); (at < 0) != bytes.Equal(a, b) || at > min(len(a), len(b)) {
			t.Errorf("they differ at %d", at)
		}
	})
}
