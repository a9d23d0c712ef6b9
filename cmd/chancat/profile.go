package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/profile"
)

// profiled are the commands that take a peer by name, with the place of its address
// among their arguments. connect, which takes more of a profile, is not among them.
var profiled = map[string]int{"send": 0, "bench": 0, "probe": 0, "expect": 1, "replay": 1, "tap": 1}

// profileOf returns the profile that address names, or nil if it is an address.
func (e *env) profileOf(address string) (*profile.Profile, error) {
	name, ok := strings.CutPrefix(address, profile.Mark)
	if !ok {
		return nil, nil
	}
	p, err := profile.Load(profile.Folder(e.getenv), name)
	if err != nil {
		return nil, usage(err)
	}
	return &p, nil
}

// resolve puts the address of a profile for its name in args, and takes its framing
// where none is given. A recording that is replayed has a framing of its own.
func (e *env) resolve(cmd *cobra.Command, args []string) error {
	at, ok := profiled[cmd.Name()]
	if !ok || at >= len(args) || cmd.ArgsLenAtDash() >= 0 && cmd.ArgsLenAtDash() <= at {
		return nil
	}
	p, err := e.profileOf(args[at])
	if p == nil {
		return err
	}
	args[at] = p.Address
	if cmd.Name() != "replay" {
		e.framing = orDefault(e.framing, p.Framing)
	}
	return nil
}

// completePeer proposes addresses, and peers by name.
func (e *env) completePeer(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	words, directive := completeAddress(cmd, args, typed)
	if len(args) > 0 {
		return words, directive
	}
	for _, name := range profile.Names(profile.Folder(e.getenv)) {
		if word := profile.Mark + name; strings.HasPrefix(word, typed) {
			words = append(words, word)
		}
	}
	return words, directive
}
