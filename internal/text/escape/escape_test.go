package escape_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/chancat/channel/internal/text/escape"
)

func ExampleAppend() {
	fmt.Printf("%s\n", escape.Append(nil, []byte("\x1b[2J caf\u00e9 C:\\ \xff\n")))
	// Output: \x1b[2J café C:\\ \xff\n
}

func TestAppend(t *testing.T) {
	for _, c := range []struct{ in, escaped, printable string }{
		{"", "", ""},
		{"plain text", "plain text", "plain text"},
		{"a\x00b\x1b[31m\x7f", `a\0b\x1b[31m\x7f`, `a\0b\x1b[31m\x7f`},
		{"tab\tcr\rlf\n", `tab\tcr\rlf\n`, `tab\tcr\rlf\n`},
		{`C:\x1b`, `C:\\x1b`, `C:\x1b`},
		{"é日本語🙂\u3000", "é日本語🙂\u3000", "é日本語🙂\u3000"},
		{"\xff\xc3", `\xff\xc3`, `\xff\xc3`},
		{"\u009b2J", `\u{9b}2J`, `\u{9b}2J`}, // CSI as a C1 control
		{"\u202eabc\u2066", `\u{202e}abc\u{2066}`, `\u{202e}abc\u{2066}`},
		{"a\u2028b\u200bc\ufeff\u00ad", `a\u{2028}b\u{200b}c\u{feff}\u{ad}`, `a\u{2028}b\u{200b}c\u{feff}\u{ad}`},
		{"\u3164\U000e0041", `\u{3164}\u{e0041}`, `\u{3164}\u{e0041}`},
		{"\xed\xa0\x80", `\xed\xa0\x80`, `\xed\xa0\x80`}, // a surrogate is no UTF-8
		{"\ufffd", "\ufffd", "\ufffd"},
	} {
		if got := escape.Append([]byte("> "), []byte(c.in)); string(got) != "> "+c.escaped {
			t.Errorf("Append(%q) = %q, want %q", c.in, got, c.escaped)
		}
		if got := escape.AppendPrintable([]byte("> "), []byte(c.in)); string(got) != "> "+c.printable {
			t.Errorf("AppendPrintable(%q) = %q, want %q", c.in, got, c.printable)
		}
	}
}

func TestShown(t *testing.T) {
	for r, want := range map[rune]bool{
		' ': true, '~': true, 'é': true, '\u3000': true, '\ufffd': true,
		0: false, 0x1f: false, 0x7f: false, 0x80: false, 0x9f: false, '\u200b': false, '\u202e': false, '\ue000': false, '\u3164': false,
	} {
		if escape.Shown(r) != want {
			t.Errorf("Shown(%U) = %v", r, !want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		``:                     "",
		`a\n\r\t\0\\z`:         "a\n\r\t\x00\\z",
		`\x1b\xFF\x00`:         "\x1b\xff\x00",
		`\u{e9}\u{1F642}\u{0}`: "é🙂\x00",
		`\u{10ffff}\u{00000}`:  "\U0010ffff\x00",
		`\01`:                  "\x001",
		"raw \x01\xff\ttoo":    "raw \x01\xff\ttoo",
	} {
		got, err := escape.Unescape([]byte("> "), []byte(in))
		if err != nil || string(got) != "> "+want {
			t.Errorf("Unescape(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestUnescapeErrors(t *testing.T) {
	for in, want := range map[string]string{
		`abc\`:        `column 4: a lone backslash at the end; a backslash is written \\`,
		`a\q`:         `column 2: unknown escape "\\q"; known are \n \r \t \0 \\ \xNN \u{X}`,
		`\é`:          `column 1: unknown escape "\\é"; known are \n \r \t \0 \\ \xNN \u{X}`,
		`ok\\\x1`:     `column 5: "\\x1": \x needs two hexadecimal digits, as in \x1b`,
		`\x+1`:        `column 1: "\\x+1": \x needs two hexadecimal digits, as in \x1b`,
		`\u00e9`:      `column 1: "\\u00e9": \u needs one to six hexadecimal digits in braces, as in \u{e9}`,
		`\u`:          `column 1: "\\u": \u needs one to six hexadecimal digits in braces, as in \u{e9}`,
		`\u{}`:        `column 1: "\\u{}": \u needs one to six hexadecimal digits in braces, as in \u{e9}`,
		`\u{12`:       `column 1: "\\u{12": \u needs one to six hexadecimal digits in braces, as in \u{e9}`,
		`\u{0000041}`: `column 1: "\\u{0000041": \u needs one to six hexadecimal digits in braces, as in \u{e9}`,
		`\u{d800}`:    `column 1: "\\u{d800}" is no code point; bytes that are not UTF-8 are written \xNN`,
		`\u{110000}`:  `column 1: "\\u{110000}" is no code point; bytes that are not UTF-8 are written \xNN`,
	} {
		_, err := escape.Unescape(nil, []byte(in))
		var e *escape.Error
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("Unescape(%q): %v, want %s", in, err, want)
		}
	}
}

// harmless fails the test if a terminal would obey anything in out.
func harmless(t *testing.T, out []byte) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Fatalf("%q is not UTF-8", out)
	}
	for _, r := range string(out) {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Fatalf("%q holds %U", out, r)
		}
	}
}

func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "a\\b\n", "\x1b[2J", "\u202e\xff\u0085", "\\u{41}\\x41\\0"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		harmless(t, escape.AppendPrintable(nil, b))
		escaped := escape.Append(nil, b)
		harmless(t, escaped)
		if len(escaped) > 4*len(b) {
			t.Fatalf("%d bytes for %d", len(escaped), len(b))
		}
		back, err := escape.Unescape(nil, escaped)
		if err != nil || !bytes.Equal(back, b) {
			t.Fatalf("%q -> %q -> %q, %v", b, escaped, back, err)
		}
	})
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{`\n\r\t\0\\`, `\x1b\u{e9}`, `\u{`, `\x`, `\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := escape.Unescape(nil, text)
		if len(got) > len(text) {
			t.Fatalf("%d bytes from %d", len(got), len(text))
		}
		var e *escape.Error
		if err != nil && (!errors.As(err, &e) || e.Column < 1 || text[e.Column-1] != '\\') {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "a\"\\\n\x00\x7f", "\u202e\xff\u0085", "\U000e0041", "<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := escape.AppendJSONString(nil, s)
		harmless(t, out)
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if utf8.ValidString(s) && back != s {
			t.Fatalf("%q -> %q -> %q", s, out, back)
		}
		if !bytes.Equal(out, escape.AppendJSONString(nil, []byte(s))) {
			t.Fatal("string and []byte differ")
		}
		if !utf8.ValidString(s) {
			return
		}
		plain, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		safe := escape.AppendJSONText(nil, plain)
		harmless(t, safe)
		if err := json.Unmarshal(safe, &back); err != nil || back != s {
			t.Fatalf("%q -> %q -> %q, %v", plain, safe, back, err)
		}
	})
}

func TestAllocs(t *testing.T) {
	msg := []byte("é plain \x1b\xff\u202e \U000e0041")
	dst := make([]byte, 0, 1024)
	text := escape.Append(nil, msg)
	if n := testing.AllocsPerRun(100, func() {
		dst = escape.Append(dst[:0], msg)
		dst = escape.AppendPrintable(dst[:0], msg)
		dst = escape.AppendJSONString(dst[:0], msg)
		dst, _ = escape.Unescape(dst[:0], text)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
