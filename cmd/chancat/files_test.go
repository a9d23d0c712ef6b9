package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A port file is written by way of no name that somebody else may have put there,
// and nothing but it is left.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	elsewhere := filepath.Join(dir, "elsewhere")
	if err := os.WriteFile(elsewhere, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := filepath.Join(dir, "port")
	if err := os.Symlink(elsewhere, port+".tmp"); err != nil {
		t.Skip(err)
	}
	for _, text := range []string{"1\n", "22\n"} {
		if err := replaceFile(port, text); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(port); string(got) != text || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, _ := os.ReadFile(elsewhere); string(got) != "mine" {
		t.Errorf("another file holds %q", got)
	}
	if info, err := os.Stat(port); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
	if err := replaceFile(dir, "x"); err == nil { // a directory is in the way
		t.Error("no error")
	}
	if err := replaceFile(filepath.Join(dir, "none", "port"), "x"); err == nil {
		t.Error("no error")
	}
	for _, folder := range []string{dir, filepath.Dir(dir)} {
		if left, _ := filepath.Glob(filepath.Join(folder, "*-[0-9]*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}
