//go:build unix && !aix && !solaris

package repl

import (
	"slices"
	"strings"
)

const (
	// historyMost is how many lines are remembered.
	historyMost = 1000
	// entryMost bounds a line in the history file, in bytes. A longer one is
	// remembered for the session only.
	entryMost = 64 << 10
)

// A history is the lines that were entered, oldest first, each once. It has no
// lock.
type history struct {
	entries []string
	file    *historyFile // nil if the lines are not kept
}

// add remembers a line. One that starts with a blank is private. The error is
// that of the file; the line is remembered all the same.
func (h *history) add(line string) error {
	if line == "" || line[0] == ' ' || line[0] == '\t' {
		return nil
	}
	if n := len(h.entries); n > 0 && h.entries[n-1] == line {
		return nil
	}
	h.entries = latest(append(h.entries, line))
	if h.file == nil || len(line) > entryMost || strings.TrimSpace(line) == "" {
		return nil
	}
	return h.file.append(line)
}

// latest returns the last entries, without the earlier ones of those that are
// there more than once.
func latest(entries []string) []string {
	seen := make(map[string]bool, len(entries))
	kept := make([]string, 0, min(len(entries), historyMost))
	for i := len(entries) - 1; i >= 0 && len(kept) < historyMost; i-- {
		if !seen[entries[i]] {
			seen[entries[i]] = true
			kept = append(kept, entries[i])
		}
	}
	slices.Reverse(kept)
	return kept
}
