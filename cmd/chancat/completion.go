package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// refuseShells makes cobra's completion command refuse a shell that it does not
// know, instead of explaining itself with success.
func refuseShells(root *cobra.Command) {
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		panic(err) // it has just been added
	}
	completion.Use = "completion SHELL"
	completion.Short = "print a script with which a shell completes the command line"
	completion.Args = cobra.ArbitraryArgs
	completion.RunE = func(_ *cobra.Command, args []string) error {
		var shells []string
		for _, c := range completion.Commands() {
			shells = append(shells, c.Name())
		}
		return usage(fmt.Errorf("want one of %s, got %q", strings.Join(shells, ", "), strings.Join(args, " ")))
	}
}
