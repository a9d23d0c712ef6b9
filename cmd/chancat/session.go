package main

import "github.com/spf13/cobra"

func newSession(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "session",
		Short: "show, cut, compare and convert recordings",
		Args:  cobra.ArbitraryArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	return cmd
}
