//go:build unix && !aix && !solaris

package repl

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// decoded is what readline gets of in, with the pastes in place and the other
// keys by name.
func decoded(d *decoder) string {
	names := map[rune]string{
		keyDelete: "<delete>", keyWordLeft: "<word left>", keyWordRight: "<word right>", keyToWordStart: "<to word start>",
		keyToBlank: "<to blank>", keyToWordEnd: "<to word end>", keyEscape: "<escape>", keySuspend: "<suspend>",
	}
	var b strings.Builder
	for _, r := range string(d.out) {
		switch {
		case r == keyPaste:
			b.WriteString("<" + d.pastes[0] + ">")
			d.pastes = d.pastes[1:]
		case names[r] != "":
			b.WriteString(names[r])
		case r < ' ':
			b.WriteString("^" + string(r+'@'))
		case r == 0x7f:
			b.WriteString("^?")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestKeys(t *testing.T) {
	for in, want := range map[string]string{
		"héllo 漢\r":                                 "héllo 漢^M",
		"\x1b[A\x1b[B\x1b[C\x1b[D":                  "^P^N^F^B",
		"\x1bOA\x1bOB\x1bOC\x1bOD":                  "^P^N^F^B",
		"\x1b[H\x1b[1~\x1b[7~\x1bOH":                "^A^A^A^A",
		"\x1b[F\x1b[4~\x1b[8~\x1bOF":                "^E^E^E^E",
		"\x1b[1;5D\x1b[1;3C\x1bb\x1bf":              "<word left><word right><word left><word right>",
		"\x1b\x1b[D\x1b\x1bOC\x1bOd":                "<word left><word right><word left>",
		"\x1b[3~\x1b[3;5~\x1bd\x1b\x7f":             "<delete><to word end>^K<to word end>^K<to word start>^U",
		"\x17\x15\x08\x7f\x1a\x07":                  "<to blank>^U^E^U^?^?<suspend><escape>",
		"a\x00\x0f\x11\x16\x18\x1c\x1fb":            "ab", // nothing that readline would insert, or take for the end
		"\x1b[5~\x1b[2~\x1b[15~\x1b[I":              "",
		"\x1b[12;40R\x1b[?62;22c":                   "", // answers
		"\x1b]11;rgb:0/0/0\x1b\\a":                  "a",
		"\x1b]0;x\ab\x1bP1$r\x1b\\c":                "bc",
		"\x1b[M !!x\x1b[[Ay":                        "xy",
		"\x1b[1\x03":                                "^C", // what breaks a sequence is a key
		"\x1b\r":                                    "<\n>",
		"\x1bx":                                     "",
		"\ufdd0\ufdd3\xffz":                         "\ufffd\ufffd\ufffdz",
		"\u0085a":                                   "a",
		"\x1b[200~a\r\nb\rc\n\x1b[Ad\x03\x1b[201~e": "<a\nb\nc\n\x1b[Ad\x03>e",
		"\x1b[200~\x1b[201~":                        "<>",
		"\x1b[201~x":                                "x",
	} {
		var whole, single decoder
		whole.feed([]byte(in))
		for i := range len(in) {
			single.feed([]byte(in[i : i+1]))
			if in[i] == 3 && single.paste == nil && strings.HasPrefix(in, pasteStart) {
				single = decoder{}
				single.feed([]byte(in)) // a lone ^C ends a paste; that is another test
				break
			}
		}
		if got := decoded(&whole); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
		if got := decoded(&single); got != want {
			t.Errorf("%q byte by byte gives %q, want %q", in, got, want)
		}
		if len(whole.held) > 0 {
			t.Errorf("%q leaves %q", in, whole.held)
		}
	}
}

func TestKeysAlone(t *testing.T) {
	var d decoder
	d.feed([]byte("a\x1b"))
	if !d.incomplete() {
		t.Fatal("ESC is complete")
	}
	d.timeout()
	d.feed([]byte("b\x1b[1;"))
	d.timeout()
	d.feed([]byte("c\xe6"))
	d.timeout()
	d.feed([]byte("d"))
	if got, want := decoded(&d), "a<escape>bcd"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPasteWithoutEnd(t *testing.T) {
	var d decoder
	d.feed([]byte(pasteStart + "lost"))
	d.feed([]byte("\x03"))
	d.feed([]byte("ok"))
	if got, want := decoded(&d), "^Cok"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLongRun(t *testing.T) {
	var d decoder
	text := strings.Repeat("é", runLeast)
	d.feed([]byte(text + "\r" + "short"))
	if got, want := decoded(&d), "<"+text+">^Mshort"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLongSequence(t *testing.T) {
	for _, start := range []string{"\x1b[", "\x1b]", "\x1bP"} {
		var d decoder
		for range 100 {
			d.feed([]byte(start + strings.Repeat("1", heldMost)))
		}
		if len(d.held) > 2*heldMost {
			t.Errorf("%q: %d bytes held", start, len(d.held))
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("\x1b[200~a\x1b[201~b\x1b[A\x1bO\x1b")
	f.Fuzz(func(t *testing.T, in string) {
		var d decoder
		d.feed([]byte(in))
		d.timeout()
		pastes := 0
		for _, r := range string(d.out) {
			if r == keyPaste {
				pastes++
			}
			if r == 0 || r == 0x1b {
				t.Fatalf("%q lets %q through", in, r)
			}
		}
		if pastes != len(d.pastes) {
			t.Fatalf("%d pastes for %d keys", len(d.pastes), pastes)
		}
		if !utf8.Valid(d.out) {
			t.Fatalf("%q gives %q", in, d.out)
		}
	})
}
