package private

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestCreate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(name, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file that exists: %v", err)
	}
	if text, _ := os.ReadFile(name); string(text) != "old" {
		t.Errorf("the file has %q", text)
	}
	for _, path := range []string{name, name + "2"} {
		file, err := Create(path, true)
		if err != nil {
			t.Fatal(err)
		}
		info, err := file.Stat()
		if file.Close(); err != nil || info.Size() != 0 || info.Mode().Perm() != mode && runtime.GOOS != "windows" {
			t.Errorf("%v, %d bytes, %v", info.Mode(), info.Size(), err)
		}
	}
}
