package main

import "io"

// usesStdio reports whether address is our own stdin and stdout, which then are
// the stream and cannot carry messages of the person.
func usesStdio(address string) bool { return address == "-" || address == "stdio:" }

// stdinOf is where typed messages come from.
func stdinOf(e *env, address string) io.Reader {
	if usesStdio(address) {
		return noInput{}
	}
	return e.stdin
}

// noInput is at its end.
type noInput struct{}

func (noInput) Read([]byte) (int, error) { return 0, io.EOF }
