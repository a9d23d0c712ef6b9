package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/internal/text/escape"
)

// run executes one command line and returns its exit code.
func run(args []string, e *env) int {
	ctx, stop := notifyContext(os.Exit)
	defer stop()
	root := newRoot(e)
	args, err := netcatArgs(args, commandsOf(root))
	if err == nil {
		root.SetArgs(args)
		var cmd *cobra.Command
		cmd, err = root.ExecuteContextC(ctx)
		if name := cmd.CommandPath(); e.command != name { // it failed before it ran
			e.command = name
		}
	} else {
		err = usage(err)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause // whatever failed, failed because the command was to end
	}
	e.report(err)
	return exitCode(err)
}

// commands makes every command; each is one file.
var commands = []func(*env) *cobra.Command{
	newConnect, newListen, newSend,
	newEncode, newDecode, newConvert,
	newFramings, newMan, newVersion,
}

func newRoot(e *env) *cobra.Command {
	var (
		color       string
		showVersion bool
	)
	root := &cobra.Command{
		Use:   "chancat [command]",
		Short: "netcat for messages",
		Long: `chancat is netcat for messages: give it a byte stream, it knows where each
message begins and ends.`,
		Example: `  chancat connect echo:                   talk to a peer inside chancat
  chancat listen -f line 5000             print the lines that clients send
  chancat send -f u32be localhost:5000 hi one message, and wait for nothing`,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		SilenceUsage:               true,
		Args:                       cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if showVersion {
				return printVersion(e)
			}
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) (err error) {
			e.command = cmd.CommandPath()
			e.palette, err = term.NewPalette(color, e.stderr, e.getenv)
			if err != nil {
				return usage(err)
			}
			return checkFlags(cmd)
		},
	}
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath()))
	})
	root.Flags().BoolVar(&showVersion, "version", false, "print the version")
	flags := root.PersistentFlags()
	flags.BoolVarP(&e.verbose, "verbose", "v", false, "say on stderr what happens on the connection")
	flags.StringVar(&color, "color", "auto", "auto, always or never")
	flags.StringVarP(&e.framing, "framing", "f", "", "the framing, NAME[,OPTION...] (default $CHANCAT_FRAMING or msg)")
	root.RegisterFlagCompletionFunc("framing", completeFraming)
	root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	for _, command := range commands {
		root.AddCommand(command(e))
	}
	root.AddCommand(helpTopics()...)
	root.SetHelpCommand(newHelp())
	root.InitDefaultCompletionCmd()
	refuseShells(root)
	root.SetUsageFunc(printUsage)
	return root
}

func commandsOf(root *cobra.Command) commandLine {
	return commandLine{
		isCommand: func(word string) bool {
			cmd, _, err := root.Find([]string{word})
			return err == nil && cmd != root || word == "help" || word == "completion" || strings.HasPrefix(word, "__complete")
		},
		takesValue: func(flag string) bool {
			for _, name := range []string{"connect", "listen"} {
				cmd, _, _ := root.Find([]string{name})
				f := cmd.Flags().Lookup(flag)
				if f == nil && len(flag) == 1 {
					f = cmd.Flags().ShorthandLookup(flag)
				}
				if f == nil {
					f = root.PersistentFlags().Lookup(flag)
				}
				if f == nil && len(flag) == 1 {
					f = root.PersistentFlags().ShorthandLookup(flag)
				}
				if f != nil {
					return f.NoOptDefVal == ""
				}
			}
			return false
		},
	}
}

func unknownCommand(root *cobra.Command, word string) error {
	text := fmt.Sprintf("unknown command %q", word)
	if near := root.SuggestionsFor(word); len(near) > 0 {
		text += fmt.Sprintf("; did you mean %q?", near[0])
	}
	return usage(errors.New(text + "; an address has a ':', '.' or '/' in it, or is a port; see 'chancat --help'"))
}

// parseFraming is the framing of -f, of $CHANCAT_FRAMING, or msg.
func (e *env) parseFraming() (framing.Framing, error) {
	if e.framing != "" {
		return framing.Parse(e.framing)
	}
	f, err := framing.Parse(orDefault(e.getenv("CHANCAT_FRAMING"), "msg"))
	if err != nil {
		err = fmt.Errorf("$CHANCAT_FRAMING: %w", err)
	}
	return f, err
}

// note says something on stderr when -v was given.
func (e *env) note(format string, args ...any) {
	if e.verbose {
		e.say(format, args...)
	}
}

// say says something on stderr that is no failure.
func (e *env) say(format string, args ...any) {
	fmt.Fprintln(e.stderr, e.palette.Note(printable(fmt.Sprintf(format, args...))))
}

// report says why the command failed, unless that has been said.
func (e *env) report(err error) {
	if err == nil || as[*signalError](err) != nil || as[*toldError](err) != nil {
		return
	}
	e.tell(err)
}

// tell says what went wrong, and shows the bytes of a broken frame.
func (e *env) tell(err error) {
	if err == nil {
		return
	}
	e.warn(err)
	if f := as[*faultError](err); f != nil {
		e.stderr.Write(f.picture())
		if hint := link.Hint(f, f.bytes); hint != "" {
			e.say("%s", hint)
		}
	}
}

// warn says on stderr what went wrong.
func (e *env) warn(err error) {
	fmt.Fprintf(e.stderr, "%s: %s\n", e.palette.Error(e.command), printable(err.Error()))
}

// printable makes text from the peer safe for a terminal.
func printable(text string) string {
	return string(escape.AppendPrintable(nil, []byte(text)))
}
