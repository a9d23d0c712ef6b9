package main

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed help/*.txt
var helpFiles embed.FS

// helpTopics are pages that belong to no command: 'chancat help exit-codes'.
// That on framings belongs to the command of that name.
func helpTopics() []*cobra.Command {
	var topics []*cobra.Command
	for _, t := range []struct{ name, short string }{
		{"addresses", "the forms of ADDR"},
		{"exit-codes", "what the exit status says"},
		{"netcat", "how netcat's habits carry over"},
	} {
		topics = append(topics, &cobra.Command{Use: t.name, Short: t.short, Long: topic(t.name)})
	}
	return topics
}

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
	section("Commands", func(c *cobra.Command) bool { return !c.Hidden && !isTopic(c) })
	section("Topics", isTopic)
	if cmd.HasAvailableLocalFlags() {
		fmt.Fprintf(&b, "\nFlags:\n%s", cmd.LocalFlags().FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasAvailableInheritedFlags() {
		fmt.Fprintf(&b, "\nFlags of every command:\n%s", cmd.InheritedFlags().FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n'%s help COMMAND' or 'help TOPIC' has more.\n", cmd.Root().Name())
	}
	_, err := io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// isTopic reports whether cmd is only there to be read.
func isTopic(cmd *cobra.Command) bool { return !cmd.Runnable() && !cmd.HasSubCommands() }

func topic(name string) string {
	text, err := helpFiles.ReadFile("help/" + name + ".txt")
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.TrimSpace(string(text))
}
