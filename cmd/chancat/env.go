package main

import (
	"os"

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
}

func systemEnv() *env {
	return &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, command: "chancat"}
}

// interactive reports whether a person sits at both ends of the command.
func (e *env) interactive() bool { return term.Is(e.stdin) && term.Is(e.stdout) }
