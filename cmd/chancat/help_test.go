package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// everyCommand calls f with each command, those below others included.
func everyCommand(root *cobra.Command, f func(*cobra.Command)) {
	for _, c := range root.Commands() {
		if c.Name() == "completion" { // cobra's own below it
			continue
		}
		f(c)
		everyCommand(c, f)
	}
}

func TestCommandsHaveOneNameEach(t *testing.T) {
	seen := map[string]bool{}
	everyCommand(newRoot(systemEnv(), ""), func(c *cobra.Command) {
		if seen[c.CommandPath()] {
			t.Errorf("%s is there twice", c.CommandPath())
		}
		seen[c.CommandPath()] = true
	})
}

func TestHelpFitsAScreen(t *testing.T) {
	root := newRoot(systemEnv(), "")
	fits := func(c *cobra.Command) {
		var out bytes.Buffer
		c.SetOut(&out)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > helpWidth {
				t.Errorf("%s: %d columns: %s", c.CommandPath(), n, line)
			}
		}
		if c.Short == "" {
			t.Errorf("%s says nothing of itself in the list of commands", c.CommandPath())
		}
	}
	fits(root)
	everyCommand(root, fits)
}

func TestManPageHasEveryCommand(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "man"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	e := systemEnv()
	e.stdout = file
	root := newRoot(e, "")
	if err := man(e, root); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	everyCommand(root, func(c *cobra.Command) {
		if isTopic(c) || c.Name() == "help" {
			return
		}
		if !bytes.Contains(page, []byte("\n.SS "+roff(c.CommandPath()))) {
			t.Errorf("the manual page does not have %s", c.CommandPath())
		}
	})
}
