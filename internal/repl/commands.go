package repl

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/chancat/channel/internal/nearest"
)

// A command is what a line that starts with a slash asks for.
type command struct {
	name, arguments string
	help            string // one line
	example         string
	run             func(ctx context.Context, s *Session, argument string) error
	complete        completer // what may stand as its argument; nil for nothing known
	lends           bool      // another program gets the terminal
}

// A group is commands that belong together.
type group struct {
	name     string
	commands []command
}

// Both are filled by init because /help lists them.
var (
	groups []group
	table  []command // all
)

func init() {
	groups = []group{
		{"sending", sendCommands},
		{"peers", peerCommands},
		{"decoding", slices.Concat(decodeCommands, filterCommands)},
		{"messages", messageCommands},
		{"recording", slices.Concat(recordCommands, replayCommands)},
		{"breaking", breakCommands},
		{"session", sessionCommands},
	}
	for _, g := range groups {
		table = append(table, g.commands...)
	}
}

// A usageError is a line that cannot be obeyed whatever the state of the world.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func misused(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// nameMost bounds, in bytes, what can be the name of a command that was mistyped.
const nameMost = 30

// findCommand finds the command of a line that starts with a slash.
func findCommand(line string) (c command, argument string, err error) {
	name, argument, _ := strings.Cut(line[1:], " ")
	for _, c := range table {
		if c.name == name {
			return c, argument, nil
		}
	}
	if len(name) > nameMost { // a text, such as a picture in base64
		return c, "", misused("unknown command /%.*s...; /help lists them", nameMost, name)
	}
	if near := nearest.Word(name, names()); near != "" {
		return c, "", misused("unknown command /%s; did you mean /%s?", name, near)
	}
	return c, "", misused("unknown command /%s; /help lists them", name)
}

// names are those of all commands.
func names() (all []string) {
	for _, c := range table {
		all = append(all, c.name)
	}
	return all
}

// lends reports whether line gives the terminal to another program.
func lends(line string) bool {
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		return false
	}
	c, _, err := findCommand(line)
	return err == nil && c.lends
}

func (c command) misused() error {
	return misused("want /%s, such as %s", strings.TrimSpace(c.name+" "+c.arguments), c.example)
}

// usageOf is how the command of that name is used wrongly.
func usageOf(name string) error {
	c, _, err := findCommand("/" + name)
	if err != nil {
		return err
	}
	return c.misused()
}

// number reads the number of a message or a peer.
func number(word string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(word, "#"))
	if err != nil || n < 1 {
		return 0, misused("%q: want a number, from 1", word)
	}
	return n, nil
}

// fields cuts argument into its words, of which there must be from least to most.
func fields(name, argument string, least, most int) ([]string, error) {
	words := strings.Fields(argument)
	if len(words) < least || len(words) > most {
		return nil, usageOf(name)
	}
	return words, nil
}

// overwrites cuts -f off an argument.
func overwrites(argument string) (rest string, over bool) {
	argument = strings.TrimSpace(argument)
	if rest, ok := strings.CutPrefix(argument, "-f "); ok {
		return strings.TrimSpace(rest), true
	}
	return argument, false
}
