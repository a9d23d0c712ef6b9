package repl

import (
	"context"
	"fmt"
	"strings"

	"github.com/rivo/uniseg"
)

// helpWidth is the most cells that a line of help has, where the terminal has more.
const helpWidth = 100

func help(_ context.Context, s *Session, argument string) error {
	width := min(s.o.Editor.Width(), helpWidth)
	if width == 0 {
		width = usualWidth
	}
	switch name := strings.TrimPrefix(strings.TrimSpace(argument), "/"); name {
	case "":
		s.say(helpAtFirst(width))
	case "all":
		s.say(helpAll(width))
	default:
		c, _, err := findCommand("/" + name)
		if err != nil {
			return err
		}
		s.say(strings.Join([]string{c.usage(), wrapped(c.help, "  ", width), "  for example: " + c.example}, "\n"))
	}
	return nil
}

func (c command) usage() string { return strings.TrimSpace("/" + c.name + " " + c.arguments) }

// helpAtFirst is the names, which fit on a small screen, and what is not a command.
func helpAtFirst(width int) string {
	const column = 12
	lines := []string{wrapped("A line that you type is a message. The commands are:", "", width)}
	for _, g := range groups {
		var names strings.Builder
		for _, c := range g.commands {
			names.WriteString(" /" + c.name)
		}
		text := wrapped(names.String(), strings.Repeat(" ", column), width)
		lines = append(lines, fmt.Sprintf("  %-*s", column-2, g.name)+text[column:])
	}
	for _, text := range []string{
		"/help COMMAND explains one, with an example; /help all explains them all.",
		"// sends a line that starts with /, and <<END begins a message of several lines, up to a line END. Alt-Enter begins another line; a \\ at the end of a line is sent.",
		"Tab completes, Ctrl-R searches what was typed. Ctrl-C drops the line, or cancels what runs; Ctrl-D half-closes. Twice, both quit.",
	} {
		lines = append(lines, wrapped(text, "", width))
	}
	return strings.Join(lines, "\n")
}

// helpAll is a line, or more, on every command.
func helpAll(width int) string {
	var lines []string
	column := 22
	if width < 3*column {
		column = 4 // what is said stands below the name
	}
	indent := strings.Repeat(" ", column)
	for _, c := range table {
		usage, text := c.usage(), wrapped(c.help, indent, width)
		if len(usage) < column-1 {
			text = usage + text[len(usage):]
		} else {
			text = usage + "\n" + text
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

// wrapped is the words of text in lines of at most width cells, each behind indent.
func wrapped(text, indent string, width int) string {
	return fold(strings.Join(strings.Fields(text), " "), indent, width)
}

// fold is text in lines of fewer than width cells, each behind indent. It breaks at a
// blank, of which no other is lost; a word that is longer is not broken.
func fold(text, indent string, width int) string {
	var b strings.Builder
	b.WriteString(indent)
	cells := len(indent)
	for i, word := range strings.Split(text, " ") {
		n := uniseg.StringWidth(word)
		switch {
		case i == 0:
		case cells > len(indent) && cells+1+n >= width:
			b.WriteString("\n" + indent)
			cells = len(indent)
		default:
			b.WriteByte(' ')
			cells++
		}
		b.WriteString(word)
		cells += n
	}
	return b.String()
}
