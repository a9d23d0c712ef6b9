package text_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/text"
)

func TestParseErrors(t *testing.T) {
	const known = "known are line, nul, raw, hex, base64, escape, frames=FRAMING"
	for spelling, want := range map[string]string{
		"":               `coding "": ` + known,
		"yaml":           `coding "yaml": ` + known,
		"lines":          `coding "lines": did you mean line? ` + known,
		"base46":         `coding "base46": did you mean base64? ` + known,
		"HEX":            `coding "HEX": ` + known,
		"frame=msg":      `coding "frame=msg": ` + known,
		"frames":         `coding "frames": did you mean frames=FRAMING? ` + known,
		"frames=mgs":     `coding "frames=mgs": framing "mgs": unknown name "mgs"; `,
		"frames=msg/msg": `coding "frames=msg/msg": a pair of framings; one stream has one`,
	} {
		_, err := text.Parse(spelling)
		var e *text.UnknownError
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %s", spelling, err, want)
		}
	}
	_, err := text.Parse("frames=nope")
	var e *framing.SpellingError
	if !errors.As(err, &e) {
		t.Errorf("%v wraps no SpellingError", err)
	}
}

func TestString(t *testing.T) {
	for _, spelling := range []string{"line", "nul", "raw", "hex", "base64", "escape", "frames=msg,lenient,max=3"} {
		c := parse(t, spelling)
		if c.String() != spelling {
			t.Errorf("%s became %s", spelling, c)
		}
		if (c == text.Line) != (spelling == "line") {
			t.Errorf("%s is taken for line, or line for another", spelling)
		}
	}
}

func parse(t testing.TB, spelling string) text.Coding {
	t.Helper()
	c, err := text.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What differs from a name in one place is taken for a slip, and no more.
func TestUnknownSlips(t *testing.T) {
	for spelling, want := range map[string]string{
		"lin": "line", "lines": "line", "lime": "line", "ine": "line", "lnie": "line", "liine": "line",
		"bas64": "base64", "base46": "base64", "abse64": "base64", "hax": "hex", "frame": "frames=FRAMING",
		"enil": "", "lxxe": "", "base": "base64", "bsae46": "", "li ne x": "", "escpae": "escape", "xyz": "", "": "",
	} {
		_, err := text.Parse(spelling)
		if err == nil {
			t.Fatalf("%q is a coding", spelling)
		}
		_, meant, ok := strings.Cut(err.Error(), "did you mean ")
		meant, _, _ = strings.Cut(meant, "?")
		if meant != want || ok != (want != "") {
			t.Errorf("%q: meant %q, want %q", spelling, meant, want)
		}
	}
}
