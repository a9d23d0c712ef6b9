package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chancat/channel/internal/profile"
)

// idleFlags says which of the flags given mean nothing for the addresses given: who
// asks for --insecure thinks that the connection is TLS.
func idleFlags(cmd *cobra.Command, args []string) (said []string) {
	if cmd.Flags().Changed("framing") && !takesFraming(cmd) {
		said = append(said, fmt.Sprintf("-f has no effect on '%s'", cmd.CommandPath()))
	}
	if cmd.Name() == "expect" { // its script may name other addresses
		return said
	}
	against := cmd.Flags().Lookup("against")
	for _, transport := range []struct{ of, schemes string }{{"TLS: ", "tls:// wss://"}, {"WebSocket: ", "ws:// wss://"}} {
		meant := func(address string) bool {
			return strings.HasPrefix(address, profile.Mark) || slices.ContainsFunc(strings.Fields(transport.schemes), func(s string) bool { return strings.HasPrefix(address, s) })
		}
		if slices.ContainsFunc(args, meant) || against != nil && meant(against.Value.String()) {
			continue
		}
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if strings.HasPrefix(f.Usage, transport.of) {
				said = append(said, fmt.Sprintf("--%s has no effect: it is for addresses that begin with %s", f.Name, strings.Replace(transport.schemes, " ", " or ", 1)))
			}
		})
	}
	return said
}

// takesFraming reports whether cmd asks for a framing.
func takesFraming(cmd *cobra.Command) bool {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	switch cmd.Name() {
	case "fastdaemon", "packetstream", "juggler", "bgpy", "detect", "framings", "completion", "help", "man", "version":
		return false
	}
	return true
}
