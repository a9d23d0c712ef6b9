package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newHelp is cobra's own but that it completes the topics, and refuses what it
// does not know.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command or topic]",
		Short: "explain a command or a topic",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			var words []string
			for _, c := range cmd.Root().Commands() {
				if len(args) == 0 && !c.Hidden && strings.HasPrefix(c.Name(), typed) {
					words = append(words, c.Name()+"\t"+c.Short)
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(args) > 0 && len(rest) > 0 {
				return usage(fmt.Errorf("there is no command or topic %q; 'chancat help' lists them", strings.Join(args, " ")))
			}
			about.InitDefaultHelpFlag() // so that it is listed
			return about.Help()
		},
	}
}

// helpWidth is the number of columns that help fits.
const helpWidth = 80

// printUsage is the part of the help of cmd that is made from its flags and
// sub-commands.
func printUsage(cmd *cobra.Command) error {
	var b strings.Builder
	if cmd.Runnable() {
		fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	section := func(title string, member func(*cobra.Command) bool) {
		for _, c := range cmd.Commands() {
			if !member(c) {
				continue
			}
			if title != "" {
				fmt.Fprintf(&b, "\n%s:\n", title)
				title = ""
			}
			fmt.Fprintf(&b, "  %-*s %s\n", cmd.Commands()[0].NamePadding(), c.Name(), c.Short)
		}
	}
	for _, group := range cmd.Groups() {
		section(group.Title, func(c *cobra.Command) bool { return c.GroupID == group.ID })
	}
	section("Commands", func(c *cobra.Command) bool { return !c.Hidden && !isTopic(c) && c.GroupID == "" })
	section("Topics", isTopic)
	flags := func(title string, of *pflag.FlagSet, member func(*pflag.Flag) bool) {
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		of.VisitAll(func(f *pflag.Flag) {
			if member(f) {
				set.AddFlag(f)
			}
		})
		if set.HasAvailableFlags() {
			fmt.Fprintf(&b, "\n%s:\n%s", title, set.FlagUsagesWrapped(helpWidth))
		}
	}
	isOfConnection := func(f *pflag.Flag) bool { _, is := f.Annotations[ofConnection]; return is }
	flags("Flags", cmd.LocalFlags(), func(f *pflag.Flag) bool { return !isOfConnection(f) })
	flags("Flags of the connection", cmd.LocalFlags(), isOfConnection)
	flags("Flags of every command", cmd.InheritedFlags(), func(f *pflag.Flag) bool { return f.Name != "framing" || takesFraming(cmd) })
	switch {
	case cmd == cmd.Root():
		fmt.Fprintf(&b, "\n'%s help COMMAND' or 'help TOPIC' has more.\n", cmd.Name())
	case cmd.HasAvailableSubCommands():
		fmt.Fprintf(&b, "\n'%s COMMAND --help' has more.\n", cmd.CommandPath())
	}
	_, err := io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// isTopic reports whether cmd is only there to be read.
func isTopic(cmd *cobra.Command) bool { return !cmd.Runnable() && !cmd.HasSubCommands() }

// group is what a command that only has others below it does.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usage(fmt.Errorf("unknown command %q; want one of %s", args[0], strings.Join(names, ", ")))
}
