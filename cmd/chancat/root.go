package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/socket"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/internal/text/escape"
)

// run executes one command line and returns its exit code.
func run(args []string, e *env) int {
	ctx, stop := notifyContext(e.exit, e.patient.Load, e.endLine)
	defer stop()
	args, err := netcatArgs(args, commandLineOf(e))
	if err == nil {
		root := newRoot(e, commandWord(args))
		root.SetArgs(args)
		var cmd *cobra.Command
		cmd, err = root.ExecuteContextC(ctx)
		if name := cmd.CommandPath(); e.command != name { // it failed before it ran
			e.command = name
		}
		down := as[*socket.Error](err)
		if f := cmd.Flags().Lookup("wait-up"); f != nil && !f.Changed && down != nil && down.Down() {
			err = fmt.Errorf("%w; --wait-up 10s waits for it", err)
		}
	} else {
		err = usage(err)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil && as[*statusError](err) == nil {
		err = cause // whatever failed, failed because the command was to end
	}
	e.report(err)
	return exitCode(err)
}

type command struct {
	group string // in the list of all commands
	name  string
	make  func(*env) *cobra.Command
}

// The groups of commands, in the order of the list.
const (
	talk    = "Talk"
	watch   = "Watch and replay"
	work    = "Files and pipes"
	ask     = "Ask about a stream"
	examine = "Test a peer"
	systems = "Systems"
	more    = "More"
)

var groups = []string{talk, watch, work, ask, examine, systems, more}

// commands returns all commands; each is one file.
func commands() []command {
	return []command{
		{talk, "connect", newConnect},
		{talk, "listen", newListen},
		{talk, "send", newSend},
		{watch, "tap", newTap},
		{watch, "replay", newReplay},
		{watch, "serve", newServe},
		{watch, "session", newSession},
		{work, "decode", newDecode},
		{work, "encode", newEncode},
		{work, "convert", newConvert},
		{ask, "detect", newDetect},
		{ask, "explain", newExplain},
		{examine, "probe", newProbe},
		{examine, "bench", newBench},
		{examine, "expect", newExpect},
		{systems, "fastdaemon", newFastdaemon},
		{systems, "packetstream", newPacketstream},
		{systems, "juggler", newJuggler},
		{systems, "bgpy", newBgpy},
		{more, "framing", newFraming},
		{more, "framings", newFramings},
		{more, "man", newMan},
		{more, "version", newVersion},
	}
}

// isCommand reports whether word is the name of a command, cobra's own included.
func isCommand(word string) bool {
	for _, c := range commands() {
		if c.name == word {
			return true
		}
	}
	return word == "help" || word == "completion" || strings.HasPrefix(word, "__complete") || namesTopic(word)
}

// commandWord is the command that args name, if that is beyond doubt.
func commandWord(args []string) string {
	if _, rest := splitGlobals(args); len(rest) > 0 {
		return rest[0]
	}
	return ""
}

// newRoot returns the root command with the one command named word, or with all
// where word names none: making a command costs as much as running a short one.
func newRoot(e *env, word string) *cobra.Command {
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
		PersistentPreRunE: func(cmd *cobra.Command, args []string) (err error) {
			e.command = cmd.CommandPath()
			e.palette, err = term.NewPalette(color, e.stderr, e.getenv)
			if err != nil {
				return usage(err)
			}
			if e.outPalette, err = term.NewPalette(color, e.stdout, e.getenv); err != nil {
				return usage(err)
			}
			if err := checkFlags(cmd); err != nil {
				return err
			}
			if err := e.resolve(cmd, args); err != nil {
				return err
			}
			for _, idle := range idleFlags(cmd, args) {
				e.say("%s", idle)
			}
			return nil
		},
	}
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(flagError)
	root.Flags().BoolVar(&showVersion, "version", false, "print the version")
	flags := root.PersistentFlags()
	flags.BoolVarP(&e.verbose, "verbose", "v", false, "say on stderr what happens on the connection")
	flags.StringVar(&color, "color", "auto", "`WHEN` to colour: auto, always or never")
	flags.StringVarP(&e.framing, "framing", "f", "", "the `FRAMING`, NAME[,OPTION...] (default $CHANCAT_FRAMING or msg)")
	root.RegisterFlagCompletionFunc("framing", completeFraming)
	root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	root.SetUsageFunc(printUsage)
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == word })
	if i < 0 {
		addAll(root, e)
		if strings.HasPrefix(word, "__complete") {
			forShells(root)
		}
		return root
	}
	root.AddCommand(commands()[i].make(e))
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	return root
}

// addAll adds every command, and what helps to find them.
func addAll(root *cobra.Command, e *env) {
	for _, title := range groups {
		root.AddGroup(&cobra.Group{ID: title, Title: title})
	}
	for _, c := range commands() {
		cmd := c.make(e)
		cmd.GroupID = c.group
		root.AddCommand(cmd)
	}
	root.AddCommand(helpTopics()...)
	root.SetHelpCommand(newHelp())
	root.SetHelpCommandGroupID(more)
	root.SetCompletionCommandGroupID(more)
	root.InitDefaultCompletionCmd()
	refuseShells(root)
}

func commandLineOf(e *env) commandLine {
	return commandLine{isCommand, func(flag string) bool { return takesValue(e, flag) }}
}

// takesValue reports whether a flag of connect or listen, without its dashes,
// takes a value.
func takesValue(e *env, flag string) bool {
	for _, name := range []string{"connect", "listen"} {
		root := newRoot(e, name)
		for _, flags := range []*pflag.FlagSet{root.Commands()[0].Flags(), root.PersistentFlags()} {
			f := flags.Lookup(flag)
			if len(flag) == 1 {
				f = flags.ShorthandLookup(flag)
			}
			if f != nil {
				return f.NoOptDefVal == ""
			}
		}
	}
	return false
}

func unknownCommand(root *cobra.Command, word string) error {
	meant := "connect " + word + ":PORT" // an address without its port
	if near := root.SuggestionsFor(word); len(near) > 0 {
		meant = near[0]
	}
	return usage(fmt.Errorf("unknown command %q; did you mean 'chancat %s'? 'chancat --help' lists the commands", word, meant))
}

// spelling is the framing of -f, of $CHANCAT_FRAMING, or msg.
func (e *env) spelling() string {
	return orDefault(e.framing, orDefault(e.getenv("CHANCAT_FRAMING"), "msg"))
}

func (e *env) parseFraming() (framing.Framing, error) {
	if e.auto() {
		return framing.Framing{}, usage(errors.New("-f auto: this command cannot decide a framing from bytes; decode and connect can"))
	}
	f, err := framing.Parse(e.spelling())
	if err != nil && e.framing == "" {
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
	e.show(e.palette.Note(e.aside.mark()+printable(fmt.Sprintf(format, args...))) + "\n")
}

// endLine ends the line on a terminal, which has put a ^C there.
func (e *env) endLine() {
	if term.Is(e.stderr) {
		fmt.Fprintln(e.stderr)
	}
}

// report says why the command failed, unless that has been said.
func (e *env) report(err error) {
	if err == nil || as[*signalError](err) != nil || as[*toldError](err) != nil || as[*statusError](err) != nil {
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
		if f.hint != "" {
			e.say("%s", f.hint)
		}
	}
}

// warn says on stderr what went wrong.
func (e *env) warn(err error) { e.warnText(err.Error()) }

func (e *env) warnText(text string) {
	e.show(fmt.Sprintf("%s: %s\n", e.palette.Error(e.command), printable(text)))
}

// printable makes text from the peer safe for a terminal.
func printable(text string) string {
	return string(escape.AppendPrintable(nil, []byte(text)))
}
