package main

import "testing"

// TestCommandsOnce: a merge of two branches that add a command can leave it in the
// table twice without a conflict; cobra then lists it twice.
func TestCommandsOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range commands() {
		if seen[c.name] {
			t.Errorf("command %q is in the table twice", c.name)
		}
		seen[c.name] = true
	}
}
