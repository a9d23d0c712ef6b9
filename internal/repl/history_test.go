//go:build unix && !aix && !solaris

package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func mustOpenHistory(t *testing.T, path string) *history {
	t.Helper()
	h, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func permissions(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestHistory(t *testing.T) {
	path := historyIn(t)
	h := mustOpenHistory(t, path)
	many := "many\nlines\r\twith \\ and \x00, \x1b[2J, é漢"
	for _, line := range []string{"one", "two", "two", " secret", "\tsecret", "", "  ", many, "one"} {
		if err := h.add(line); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"two", many, "one"}
	if !slices.Equal(h.entries, want) {
		t.Errorf("remembered %q, want %q", h.entries, want)
	}
	if got := mustOpenHistory(t, path).entries; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
	if file, dir := permissions(t, path), permissions(t, filepath.Dir(path)); file != 0o600 || dir != 0o700 {
		t.Errorf("modes %v and %v", file, dir)
	}
	text, _ := os.ReadFile(path)
	if strings.Contains(string(text), "secret") || strings.ContainsRune(string(text), '\x1b') {
		t.Errorf("the file holds %q", text)
	}
}

func TestHistoryModeIsMended(t *testing.T) {
	path := historyIn(t)
	os.MkdirAll(filepath.Dir(path), 0o700)
	os.WriteFile(path, []byte("old\n"), 0o644)
	mustOpenHistory(t, path)
	if got := permissions(t, path); got != 0o600 {
		t.Errorf("mode %v", got)
	}
}

// TestHistoryOfSeveralSessions: those that append lose nothing to those that trim
// at their start.
func TestHistoryOfSeveralSessions(t *testing.T) {
	path := historyIn(t)
	mustOpenHistory(t, path)
	const sessions, lines = 4, 100
	var all sync.WaitGroup
	for s := range sessions {
		all.Go(func() {
			h, err := openHistory(path)
			if err != nil {
				t.Error(err)
			}
			for n := range lines {
				if err := h.add(fmt.Sprintf("session %d, line %d", s, n)); err != nil {
					t.Error(err)
				}
				if n%10 == s {
					if err := h.file.trim(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if got := len(mustOpenHistory(t, path).entries); got != sessions*lines {
		t.Errorf("%d lines kept of %d", got, sessions*lines)
	}
	if got := permissions(t, path); got != 0o600 {
		t.Errorf("mode %v", got)
	}
	if left, _ := filepath.Glob(filepath.Dir(path) + "/*"); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

func TestHugeHistory(t *testing.T) {
	path := historyIn(t)
	os.MkdirAll(filepath.Dir(path), 0o700)
	line := strings.Repeat("x", 1000)
	var text strings.Builder
	for n := range 5000 {
		fmt.Fprintf(&text, "%s%d\n", line, n)
	}
	os.WriteFile(path, []byte(text.String()), 0o600)
	h := mustOpenHistory(t, path)
	if n := len(h.entries); n != historyMost || h.entries[n-1] != line+"4999" {
		t.Errorf("%d entries", n)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > historyBytes {
		t.Errorf("not trimmed: %v bytes, %v", info.Size(), err)
	}
	long := strings.Repeat("y", entryMost+1)
	if err := h.add(long); err != nil || h.entries[len(h.entries)-1] != long {
		t.Errorf("a long line is not remembered: %v", err)
	}
	if got := mustOpenHistory(t, path).entries; got[len(got)-1] == long {
		t.Error("a long line is kept")
	}
}

func TestDamagedHistory(t *testing.T) {
	path := historyIn(t)
	os.MkdirAll(filepath.Dir(path), 0o700)
	os.WriteFile(path, []byte("good\nbad\\q\n\n\x00\x00\x00\n\xff\xfe\nlast\ntruncat"), 0o600)
	h, err := openHistory(path)
	if want := []string{"good", "\ufffd", "last"}; !slices.Equal(h.entries, want) {
		t.Errorf("%q, want %q", h.entries, want)
	}
	if err == nil || !strings.Contains(err.Error(), "3 damaged lines") {
		t.Errorf("error %v", err)
	}
	if err := h.add("new"); err != nil {
		t.Fatal(err)
	}
	h, _ = openHistory(path)
	if got := h.entries[len(h.entries)-1]; got != "new" {
		t.Errorf("after the truncated line comes %q", got)
	}
}

func TestHistoryThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	os.Mkdir(filepath.Join(dir, "directory"), 0o700)
	os.Symlink("/dev/null", filepath.Join(dir, "null"))
	for _, path := range []string{
		filepath.Join(file, "chancat", "history"), // a file where a directory should be
		filepath.Join(dir, "directory"),
		filepath.Join(dir, "null"),
	} {
		h, err := openHistory(path)
		if err == nil {
			t.Errorf("%s: no error", path)
		}
		if err := h.add("remembered"); err != nil || len(h.entries) != 1 {
			t.Errorf("%s: %v, %q", path, err, h.entries)
		}
	}
	if target, err := os.Readlink(filepath.Join(dir, "null")); err != nil || target != "/dev/null" {
		t.Errorf("the link became %q, %v", target, err)
	}
}

func TestHistoryIsToldOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "chancat", "history")
	r := newRig(t, 80, 24, map[string]string{"HISTORY": path})
	r.waitText(">")
	os.RemoveAll(filepath.Dir(path))
	os.WriteFile(filepath.Dir(path), nil, 0o600) // the directory has become a file
	for _, line := range []string{"one", "two", "three"} {
		r.send(line + "\r")
		r.wantLine(line)
	}
	r.send("\x1b[A\x1b[A\r")
	r.wantLine("two")
	r.waitText("> two\n>")
	if n := strings.Count(r.text(), "-- history: "); n != 1 {
		t.Errorf("told %d times:\n%s", n, r.text())
	}
}

func TestHistoryPath(t *testing.T) {
	for _, c := range []struct{ state, home, want string }{
		{"/s", "/h", "/s/chancat/history"},
		{"", "/h", "/h/.local/state/chancat/history"},
		{"relative", "/h", "/h/.local/state/chancat/history"},
		{"", "", ""},
	} {
		env := map[string]string{"XDG_STATE_HOME": c.state, "HOME": c.home}
		if got := HistoryPath(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// Whatever a history file holds, what is read of it is remembered again, and an
// entry that is added stands in it.
func FuzzHistory(f *testing.F) {
	f.Add([]byte("one\\ntwo\n\\x1b\n\x00\nlast"))
	f.Add([]byte("\\u{110000}\n\xff\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "history")
		text = append(slices.Clip(text), '\n') // a part of a line is one only from the next session on
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := openHistory(path)
		if h.file == nil {
			t.Fatal(err)
		}
		want := append(slices.Clone(h.entries), "added")
		if err := h.add("added"); err != nil {
			t.Fatal(err)
		}
		again, _ := openHistory(path) // what is damaged is told each time
		if !slices.Equal(again.entries, latest(want)) {
			t.Errorf("%q: then %q, want %q", text, again.entries, latest(want))
		}
	})
}
