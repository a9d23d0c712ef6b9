package main

import (
	"os"
	"sync/atomic"

	"github.com/chancat/channel/internal/child"
	"github.com/chancat/channel/internal/term"
)

// env is what a command touches of the world outside the network.
type env struct {
	stdin          *os.File
	stdout, stderr *os.File
	getenv         func(string) string

	// Set from the flags before a command runs.
	verbose bool
	framing string       // as -f has it
	palette term.Palette // of stderr
	command string       // "chancat decode", for the start of messages

	outPalette term.Palette // of stdout

	beforeExit *atomic.Pointer[func()] // called when a second signal, or time after one, ends the process at once
	patient    *atomic.Bool            // a signal was for somebody else, who takes the time that he wants
	aside      *aside                  // takes what goes to stderr during a session
}

func systemEnv() *env {
	return &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, command: "chancat",
		beforeExit: new(atomic.Pointer[func()]), patient: new(atomic.Bool), aside: new(aside)}
}

// interactive reports whether a person sits at both ends of the command.
func (e *env) interactive() bool { return term.Is(e.stdin) && term.Is(e.stdout) }

// exit ends the process at once, and the programs that it runs.
func (e *env) exit(code int) {
	if f := e.beforeExit.Load(); f != nil {
		(*f)()
	}
	child.KillAll()
	os.Exit(code)
}
