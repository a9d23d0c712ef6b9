package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A million lines through connect and listen arrive as they are.
func TestVolume(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	var lines bytes.Buffer
	for i := range 1_000_000 {
		fmt.Fprintf(&lines, "line %d\n", i)
	}
	if err := os.WriteFile(dir+"/in", lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := inDir(t, dir, "", "out", "listen", "--once", "--port-file", "port", "127.0.0.1:0")
	if err := listen.Start(); err != nil {
		t.Fatal(err)
	}
	defer listen.Process.Kill()
	var port []byte
	for deadline := time.Now().Add(patience); len(port) == 0 && time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		port, _ = os.ReadFile(dir + "/port")
	}
	connect := inDir(t, dir, "in", "back", "connect", "127.0.0.1:"+strings.TrimSpace(string(port)))
	if err := connect.Run(); err != nil {
		t.Fatal(err)
	}
	if err := listen.Wait(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(dir + "/out")
	if err != nil || !bytes.Equal(got, lines.Bytes()) {
		t.Errorf("%d bytes arrived of %d, or others; %v", len(got), lines.Len(), err)
	}
}

// inDir is a chancat in dir whose stdin and stdout are the files in and out.
func inDir(t *testing.T, dir, in, out string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("chancat", args...)
	cmd.Dir, cmd.Stderr = dir, t.Output()
	if in != "" {
		f, err := os.Open(dir + "/" + in)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		cmd.Stdin = f
	}
	f, err := os.Create(dir + "/" + out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	cmd.Stdout = f
	return cmd
}
