package repl

import "testing"

func TestComplete(t *testing.T) {
	ask := func(texts ...string) Completer {
		return func(line string, at int) ([]Candidate, int) {
			var found []Candidate
			for _, text := range texts {
				found = append(found, Candidate{Text: text})
			}
			return found, len("é ")
		}
	}
	for _, c := range []struct {
		texts  []string
		line   string
		listed int
	}{
		{nil, "é /c|x", 0},
		{[]string{"/connect "}, "é /connect |x", 0},
		{[]string{"/connect", "/convert"}, "é /con|x", 0},
		{[]string{"/connect", "/close"}, "é /c|x", 2},
		{[]string{"/cä", "/cö"}, "é /c|x", 2}, // they share a byte more
		{[]string{"/Close"}, "é /Close|x", 0},
		{[]string{"", ""}, "é /c|x", 2},
	} {
		line, at, list := complete(ask(c.texts...), []rune("é /cx"), 4)
		if got := string(line[:at]) + "|" + string(line[at:]); got != c.line || len(list) != c.listed {
			t.Errorf("%q: %q and %d listed, want %q and %d", c.texts, got, len(list), c.line, c.listed)
		}
	}
}

func TestListCandidates(t *testing.T) {
	candidates := []Candidate{{"a", ""}, {"bb", ""}, {"漢字", ""}, {"d\x1b[2J", ""}, {"e", ""}}
	for _, c := range []struct {
		width, height int
		want          string
	}{
		{40, 24, "a         漢字      e\nbb        d\\x1b[2J\n"},
		{80, 24, "a         bb        漢字      d\\x1b[2J  e\n"},
		{6, 24, "a\nbb\n漢字\nd\\x1b\ne\n"},
		{6, 3, "a\nbb\nand 3\n"},
		{1, 3, "\n\n\n"},
	} {
		if got := listCandidates(candidates, c.width, c.height); got != c.want {
			t.Errorf("in %dx%d: %q, want %q", c.width, c.height, got, c.want)
		}
	}
	got := listCandidates([]Candidate{{"/connect", "dials an address"}, {"/close", ""}}, 20, 24)
	if want := "/connect  dials an \n/close\n"; got != want {
		t.Errorf("with notes: %q, want %q", got, want)
	}
	got = listCandidates([]Candidate{{"/connect", "dials"}, {"/close", ""}, {"/help", "helps"}}, 20, 3)
	if want := "/connect  /help\n/close\n"; got != want {
		t.Errorf("with too many notes: %q, want %q", got, want)
	}
}
