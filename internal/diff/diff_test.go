package diff_test

import (
	"strings"
	"testing"

	"github.com/chancat/channel/internal/diff"
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
