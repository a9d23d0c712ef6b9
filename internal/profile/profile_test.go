package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProfile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "chancat", "profiles")
	p := Profile{Name: "cache", Address: "localhost:6379", Framing: "resp", View: "text", OnConnect: "cache.login"}
	path, err := p.Save(folder, false)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := p.Save(folder, false); err == nil {
		t.Error("overwritten")
	}
	p.View = ""
	if _, err := p.Save(folder, true); err != nil {
		t.Error(err)
	}
	got, err := Load(folder, "cache")
	p.OnConnect = filepath.Join(folder, "cache.login")
	if err != nil || got != p {
		t.Errorf("%+v, %v; want %+v", got, err, p)
	}
	if err := os.WriteFile(p.OnConnect, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if names := Names(folder); len(names) != 1 || names[0] != "cache" {
		t.Errorf("%q", names)
	}
	if _, err := Load(folder, "cash"); err == nil || !strings.Contains(err.Error(), "there is cache") {
		t.Error(err)
	}
}

// Blanks of any kind stand between a key and its value, and round them.
func TestBlanks(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "p"), []byte("address\tlocalhost:1\r\n framing \t msg\n\n\t# text\nview\ttext"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := Profile{Name: "p", Address: "localhost:1", Framing: "msg", View: "text"}
	if p, err := Load(folder, "p"); err != nil || p != want {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestBadProfile(t *testing.T) {
	folder := t.TempDir()
	for text, want := range map[string]string{
		"":                              ":0: no address",
		"# nothing\nframing msg\n":      ":2: no address",
		"address a:1\naddres b:2\n":     `:2: unknown key "addres"`,
		"address a:1\naddress b:2\n":    ":2: address stands here a second time",
		"address a:1\nframing\n":        ":2: framing has no value",
		strings.Repeat("#\n", sizeMost): "more than",
	} {
		if err := os.WriteFile(filepath.Join(folder, "p"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(folder, "p"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
	for _, name := range []string{"", "../p", "a b", ".p", "a/b", "a\nb"} {
		if _, err := Load(folder, name); err == nil || !strings.Contains(err.Error(), "no name of a profile") {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := (Profile{Name: name, Address: "a:1"}).Save(folder, false); err == nil {
			t.Errorf("%q is saved", name)
		}
	}
}

// Whatever a file holds, it is a profile that saves to the same or an error.
func FuzzParse(f *testing.F) {
	f.Add("address localhost:6379\nframing  resp\n# x\nview text\non-connect a b\n")
	f.Add("address a\r\nframing\x00 b\n")
	f.Fuzz(func(t *testing.T, text string) {
		p := Profile{Name: "p"}
		if p.parse(text) != nil {
			return
		}
		folder := t.TempDir()
		if _, err := p.Save(folder, false); err != nil {
			if !strings.Contains(err.Error(), "does not fit on one line") {
				t.Error(err)
			}
			return
		}
		if p.OnConnect != "" && !filepath.IsAbs(p.OnConnect) {
			p.OnConnect = filepath.Join(folder, p.OnConnect)
		}
		if got, err := Load(folder, "p"); err != nil || got != p {
			t.Errorf("%+v, %v; saved %+v", got, err, p)
		}
	})
}
