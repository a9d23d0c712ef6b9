package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
)

// What is proposed for the operands of commands: the forms of an address, and files
// where neither this nor cobra knows better.
var (
	completeAddress = addressesThat(func(s endpoint.Scheme) bool { return s.Dial })
	completeListen  = addressesThat(func(s endpoint.Scheme) bool { return s.Listen })

	// completePlain is for protocols that run over a bare connection only.
	completePlain = addressesThat(func(s endpoint.Scheme) bool { return s.Prefix == "tcp://" || s.Prefix == "unix:" })
)

// addressesThat proposes the forms of address of which fit is true.
func addressesThat(fit func(endpoint.Scheme) bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		for _, prefix := range []string{"unix:", "fifo:", "serial:"} {
			if path, ok := strings.CutPrefix(typed, prefix); ok {
				return proposed(filesBehind(prefix, path), typed)
			}
		}
		var words []string
		for _, s := range endpoint.Schemes() {
			if fit(s) && strings.HasPrefix(s.Prefix, typed) {
				words = append(words, s.Prefix+"\t"+s.Meaning)
			}
		}
		return words, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
}

// behindFile proposes a file, and what next does behind it.
func behindFile(next cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return next(cmd, args[1:], typed)
	}
}
