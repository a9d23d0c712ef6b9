package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
)

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

func completeAddress(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var words []string
	for _, s := range endpoint.Schemes() {
		if strings.HasPrefix(s.Prefix, typed) {
			words = append(words, s.Prefix+"\t"+s.Meaning)
		}
	}
	return words, cobra.ShellCompDirectiveNoSpace
}
