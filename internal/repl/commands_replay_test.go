package repl

import (
	"os"
	"path/filepath"
	"testing"
)

// What was recorded is said again, each message after the answers that it had, and
// what is answered otherwise is told.
func TestReplay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.session")
	d, c, _ := connected(t, "line", nil)
	d.types("/record "+file, "one")
	c.wants("one\n")
	c.says("ONE\nmore\n")
	d.sees("more")
	d.types("two")
	c.wants("two\n")
	c.says("TWO\n")
	d.sees("TWO")
	d.types("/record off", "/replay "+file)
	c.wants("one\n")
	c.says("ONE\n")
	d.sees("#7 3 B")
	c.says("more\n")
	c.wants("two\n")
	c.says("2\n")
	d.sees("2 messages sent again; 1 of 3 answers are not as they were recorded: #10")
	d.types("/replay " + file + "x")
	d.sees("no such file")
	if err := os.WriteFile(file, []byte("{\"event\":\"session\",\"v\":1}\n{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.types("/replay " + file)
	d.sees("line 2")
}
