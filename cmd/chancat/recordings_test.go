package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/realtraffic"
)

// recordings is the directory of those to test: CHANCAT_RECORDINGS names another
// one, of recordings that were made just now.
func recordings() string {
	return orDefault(os.Getenv("CHANCAT_RECORDINGS"), "../../testdata/recordings")
}

// decode finds in recordings of real services the messages that others see in them.
func TestDecodeRecordings(t *testing.T) {
	directory := recordings()
	entries, err := realtraffic.Index(directory)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"decode", "--json"}
	for _, e := range entries {
		args = append(args, filepath.Join(directory, filepath.FromSlash(e.File)))
	}
	cmd := exec.Command("chancat", args...)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	messages := make([]map[string]int, 0, len(entries)) // of each file, which begins with an open
	for line := range strings.Lines(string(out)) {
		var ev struct{ Event, From string }
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch ev.Event {
		case "open":
			messages = append(messages, map[string]int{})
		case "message":
			messages[len(messages)-1][ev.From]++
		case "broken":
			t.Errorf("%s: %s", entries[len(messages)-1].File, line)
		}
	}
	if len(messages) != len(entries) {
		t.Fatalf("%d files: want %d", len(messages), len(entries))
	}
	for i, e := range entries {
		if got := messages[i]; got["client"] != e.Client.Messages || got["server"] != e.Server.Messages {
			t.Errorf("%s: %v: want %d and %d", e.File, got, e.Client.Messages, e.Server.Messages)
		}
	}
}
