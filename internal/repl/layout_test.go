package repl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

const family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

// shown is the rows of a layout without their control sequences.
func shown(l layout) []string {
	var rows []string
	for i := range l.rows {
		row, _ := l.appendRow(nil, nil, i)
		text := colours().ReplaceAllString(string(row), "")
		for strings.Contains(text, "\x1b[") {
			start := strings.Index(text, "\x1b[")
			text = text[:start] + text[start+strings.IndexByte(text[start:], 'G')+1:]
		}
		rows = append(rows, text)
	}
	return rows
}

func TestLayout(t *testing.T) {
	for _, c := range []struct {
		prompt, line string
		width        int
		rows         string // joined by |
		at           int    // in runes
		cursor       string // row,column
	}{
		{"> ", "", 10, "> ", 0, "0,2"},
		{"> ", "hello", 10, "> hello", 5, "0,7"},
		{"> ", "12345678", 10, "> 12345678|", 8, "1,0"}, // full: the cursor needs a row
		{"> ", "12345678", 10, "> 12345678|", 7, "0,9"},
		{"> ", "123456789", 10, "> 12345678|9", 8, "1,0"},
		{"> ", "漢字漢字漢字", 10, "> 漢字漢字|漢字", 4, "1,0"},
		{"> ", "x漢字漢字漢", 10, "> x漢字漢|字漢", 4, "1,0"}, // a cell is left over
		{"> ", "x漢字漢字漢", 10, "> x漢字漢|字漢", 3, "0,7"},
		{"> ", "a" + family + "b", 20, "> a" + family + "b", 6, "0,5"},
		{"> ", "a" + family + "b", 20, "> a" + family + "b", 3, "0,3"}, // inside
		{"> ", "e\u0301x", 20, "> e\u0301x", 2, "0,3"},
		{"> ", "\u0301x", 20, "> <301>x", 1, "0,7"}, // nothing to stand on
		{"> ", "a\nb\tc", 20, "> a$|b>c", 2, "1,0"},
		{"> ", "a\n", 20, "> a$|", 2, "1,0"},
		{"> ", "\x00\x1b[2J\x7f", 20, "> ^@^[[2J^?", 2, "0,6"},
		{"> ", "\u009b2J\u202ex\u200b", 40, "> <9b>2J<202e>x<200b>", 4, "0,14"},
		{"a long prompt> ", "hello", 10, "> hello", 5, "0,7"},
		{"localhost:5000 msg paused> ", "hello", 30, "...5000 msg paused> hello", 5, "0,25"},
		{"a long prompt> ", "hello", 6, "> hell|o", 5, "1,1"},
		{"> ", "漢字", 5, "漢字", 2, "0,4"},
		{"> ", "漢字", 1, "?|?|", 1, "1,0"},
		{"> ", "\x00a", 1, "?|a|", 1, "1,0"},
	} {
		l := lay(newPrompt(c.prompt), []rune(c.line), c.width)
		if got := strings.Join(shown(l), "|"); got != c.rows {
			t.Errorf("%q in %d: rows %q, want %q", c.line, c.width, got, c.rows)
		}
		row, column := l.cursor(c.at)
		if got := fmt.Sprintf("%d,%d", row, column); got != c.cursor {
			t.Errorf("%q in %d: cursor for %d is %s, want %s", c.line, c.width, c.at, got, c.cursor)
		}
	}
}

func TestPrompt(t *testing.T) {
	for in, want := range map[string]prompt{
		"> ":                            {"> ", 2},
		"\x1b[31mmsg\x1b[0m> ":          {"\x1b[31mmsg\x1b[0m> \x1b[m", 5},
		"\x1b]0;title\a\x1b[2J\n\x00> ": {`\x1b]0;title\x07\x1b[2J\n\0> `, 29},
		"漢> ":                           {"漢> ", 4},
		"\x1b[31":                       {`\x1b[31`, 7},
	} {
		if got := newPrompt(in); got != want {
			t.Errorf("newPrompt(%q) = %+v, want %+v", in, got, want)
		}
	}
}

// FuzzLayout: whatever the line, each row fits, the rows hold the line, the cursor
// stands in the terminal, and nothing that drives it gets through.
func FuzzLayout(f *testing.F) {
	for _, line := range []string{"", "hello", "漢字かな", family, "\u0301\u200d", "\x1b[2J\a", "a\nb\tc\r", "🇩🇪🇫", "❤️x", strings.Repeat("z\u0300", 200)} {
		f.Add(line, 10, 3)
		f.Add(line, 1, 0)
	}
	f.Fuzz(func(t *testing.T, text string, width, at int) {
		line := []rune(text)
		width = max(1, width%200)
		at = max(0, at%(len(line)+1))
		l := lay(newPrompt("> "), line, width)
		if l.rows[0] != 0 {
			t.Fatalf("rows start at %d", l.rows[0])
		}
		for i := range l.rows {
			promptAlone := i == 1 && l.rows[1] == 0 && l.prompt.cells > 0 // the first cluster does not fit beside it
			if i > 0 && l.rows[i] <= l.rows[i-1] && l.rows[i] != len(line) && !promptAlone {
				t.Fatalf("rows %v", l.rows)
			}
			row, widths := l.appendRow(nil, nil, i)
			if got := sum(widths); got > width {
				t.Fatalf("row %d %q has %d cells of %d", i, row, got, width)
			}
		}
		for _, row := range shown(l) {
			if strings.ContainsFunc(row, func(r rune) bool { return r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 }) {
				t.Fatalf("row %q", row)
			}
		}
		row, column := l.cursor(at)
		if row < 0 || row >= len(l.rows) || column < 0 || column >= width && at == len(line) || column >= max(width, 2) {
			t.Fatalf("cursor at %d, %d of %d rows, width %d", row, column, len(l.rows), width)
		}
		if at > 0 {
			if b := clusterBefore(line, at); b < 0 || b >= at {
				t.Fatalf("cluster before %d at %d", at, b)
			}
		}
		if a := clusterAfter(line, at); a < at || a > len(line) || at < len(line) && a == at {
			t.Fatalf("cluster after %d at %d", at, a)
		}
	})
}

// TestClusters compares the steps over a line with those of the library that
// knows them.
func TestClusters(t *testing.T) {
	for _, text := range []string{"hello", "漢字かな한글", "a" + family + "b👍🏽", "🇩🇪🇫🇷x", "e\u0301o\u0308", "❤️", "नमस्ते"} {
		var want, got []string
		for g := uniseg.NewGraphemes(text); g.Next(); {
			want = append(want, g.Str())
		}
		line := []rune(text)
		for i := 0; i < len(line); {
			n := clusterAfter(line, i)
			got = append(got, string(line[i:n]))
			if b := clusterBefore(line, n); b != i {
				t.Errorf("%q: the cluster before %d starts at %d, want %d", text, n, b, i)
			}
			i = n
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q has clusters %q, want %q", text, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	line := []rune("get foo/bar  你好 x")
	for _, c := range []struct{ at, before, after, blank int }{
		{0, 0, 3, 0}, {3, 0, 7, 0}, {5, 4, 7, 4}, {8, 4, 11, 4}, {13, 8, 15, 4}, {15, 13, 17, 13}, {17, 16, 17, 16},
	} {
		if got := wordBefore(line, c.at); got != c.before {
			t.Errorf("wordBefore(%d) = %d, want %d", c.at, got, c.before)
		}
		if got := wordAfter(line, c.at); got != c.after {
			t.Errorf("wordAfter(%d) = %d, want %d", c.at, got, c.after)
		}
		if got := blankBefore(line, c.at); got != c.blank {
			t.Errorf("blankBefore(%d) = %d, want %d", c.at, got, c.blank)
		}
	}
}

func TestRowsAt(t *testing.T) {
	wide := []int{2, 2, 2, 2, 2}
	for width, want := range map[int]int{10: 1, 9: 2, 5: 3, 4: 3, 3: 5, 2: 5} {
		if got := rowsAt(wide, width); got != want {
			t.Errorf("10 cells of wide characters take %d rows of %d, want %d", got, width, want)
		}
	}
}
