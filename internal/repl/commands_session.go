package repl

import (
	"context"
	"fmt"
	"strings"
)

// sessionCommands are about the session itself.
var sessionCommands = []command{
	{name: "help", arguments: "[COMMAND]", help: "this list, or more on one command", example: "/help framing", run: help, complete: completeCommand},
	{name: "quit", help: "end the session", example: "/quit", run: quit},
}

func quit(context.Context, *Session, string) error { return errQuit }

func help(_ context.Context, s *Session, argument string) error {
	name := strings.TrimPrefix(strings.TrimSpace(argument), "/")
	if name == "" {
		s.say(helpAll())
		return nil
	}
	c, _, err := findCommand("/" + name)
	if err != nil {
		return err
	}
	s.say(fmt.Sprintf("%s\n  %s\n  for example: %s", strings.TrimSpace("/"+c.name+" "+c.arguments), c.help, c.example))
	return nil
}

func helpAll() string {
	var b strings.Builder
	b.WriteString("A line that you type is a message. Commands:\n")
	for _, c := range table {
		usage := strings.TrimSpace("/" + c.name + " " + c.arguments)
		if len(usage) > 20 {
			usage = "/" + c.name + " ..."
		}
		fmt.Fprintf(&b, "  %-20s %s\n", usage, c.help)
	}
	b.WriteString("  //...                send a line that starts with /\n")
	b.WriteString("  <<END                begin a message of several lines, up to a line END\n")
	b.WriteString("Ctrl-C drops the line, or cancels what runs; Ctrl-D half-closes. Twice, both quit.")
	return b.String()
}
