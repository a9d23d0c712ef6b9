package repl

import "context"

// sessionCommands are about the session itself.
var sessionCommands = []command{
	{name: "help", arguments: "[COMMAND|all]", help: "list the commands, explain one, or all", example: "/help framing", run: help, complete: completeCommand},
	{name: "quit", help: "end the session", example: "/quit", run: quit},
}

func quit(context.Context, *Session, string) error { return errQuit }
