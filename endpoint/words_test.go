package endpoint

import (
	"slices"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for in, want := range map[string]string{ // words are joined with |
		`cat`: `cat`,
		`  a  b	c
d `: `a|b|c|d`,
		`sh -c 'echo oops >&2; exit 9'`:  `sh|-c|echo oops >&2; exit 9`,
		`a ''`:                           `a|`,
		`a "" b`:                         `a||b`,
		`a"b c"'d e'f`:                   `ab cd ef`,
		`a\ b \'c\' \\`:                  `a b|'c'|\`,
		`"a\"b" "c\\d" "\$e" "\n" "\x"`:  `a"b|c\d|$e|\n|\x`,
		`'a\b' 'c"d'`:                    `a\b|c"d`,
		`$HOME * ~ a;b a|b #c`:           `$HOME|*|~|a;b|a|b|#c`,
		"gr\u00fc\u00df '\u00e4 \u00f6'": "gr\u00fc\u00df|\u00e4 \u00f6",
	} {
		got, err := splitWords(in)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{`'`, `"`, `a 'b`, `a "b\"`, `a\`} {
		if got, err := splitWords(in); err == nil {
			t.Errorf("%q: got %q, want an error", in, got)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	f.Add("a 'b c' \"d\\\"\" \\e")
	f.Fuzz(func(t *testing.T, in string) {
		words, err := splitWords(in)
		if err != nil {
			return
		}
		var quotes []string
		for _, w := range words {
			quotes = append(quotes, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
		}
		again, err := splitWords(strings.Join(quotes, " "))
		if err != nil || !slices.Equal(again, words) {
			t.Errorf("%q: %q, quoted and split again: %q, %v", in, words, again, err)
		}
	})
}
