package export_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/export"
)

func TestUnknownLanguage(t *testing.T) {
	f, err := framing.Parse("u32be")
	if err != nil {
		t.Fatal(err)
	}
	_, err = export.Generate(f, "rust")
	if !errors.Is(err, export.ErrLanguage) {
		t.Errorf("got %v, want ErrLanguage", err)
	}
	for _, language := range export.Languages {
		if !strings.Contains(err.Error(), language) {
			t.Errorf("%q does not name %s", err, language)
		}
	}
}

// A framing that package framing did not make has no rule.
func TestForeignCodec(t *testing.T) {
	var f framing.Framing
	if text, err := export.Generate(f, "go"); err == nil {
		t.Errorf("got %s", text)
	}
}

// Every spelling that is read is written: what is Go among it is checked by gofmt on
// the way out. No spelling leaves the comment in which it stands.
func FuzzGenerate(f *testing.F) {
	for _, s := range framing.All() {
		f.Add(s.Spelling)
	}
	f.Add("u8/line")
	f.Add("ws/nats,max=1G")
	f.Add("delim=\n\"\"\"--]]*/\u2028")
	f.Add("u16le,at=9,magic=cafe,skip=3,tail=sum8,adjust=-7,max=9")
	f.Fuzz(func(t *testing.T, spelling string) {
		parsed, err := framing.Parse(spelling)
		if err != nil || len(spelling) > 200 {
			return
		}
		for _, language := range export.Languages {
			text, err := export.Generate(parsed, language)
			if err != nil {
				t.Fatalf("%q in %s: %v", spelling, language, err)
			}
			first, _, _ := strings.Cut(string(text), "import")
			if language == "python" && strings.Count(first, `"""`) != 2 {
				t.Errorf("%q: the comment ends early:\n%s", spelling, first)
			}
		}
	})
}
