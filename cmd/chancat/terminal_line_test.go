//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A message of a peer cannot drive the terminal where the coding of messages is named
// either; raw is what was asked for.
func TestLinesOnTerminalAreEscaped(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "frames")
	if err := os.WriteFile(file, []byte("\r\nMSG 8\r\n\x1b[2Jevil"), 0o600); err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{"line": `\x1b[2Jevil`, "escape": `\x1b[2Jevil`, "raw": "\x1b[2Jevil"} {
		tm := onTerminal(t, nil, "decode", "-f", "msg", "--out", out, file)
		tm.sees(want)
		if got := tm.ends(); got != exitOK {
			t.Errorf("--out %s: exit status %d", out, got)
		}
		if out != "raw" && strings.Contains(tm.shown(), "\x1b[2J") {
			t.Errorf("--out %s clears the screen: %q", out, tm.shown())
		}
	}
}
