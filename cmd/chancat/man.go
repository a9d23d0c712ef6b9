package main

import (
	"bufio"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newMan(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "print the manual page",
		Long:  "Print the manual page of all commands and topics, as man reads it.",
		Example: `  chancat man > chancat.1
  chancat man | man -l -`,
		Args: exactArgs(),
		RunE: func(*cobra.Command, []string) error { return man(e, newRoot(e, "")) },
	}
}

// man writes the page in roff. It is made from the commands themselves, so that
// it cannot differ from --help; cobra's own generator would add a Markdown
// parser to the start-up of every command.
func man(e *env, root *cobra.Command) error {
	w := bufio.NewWriter(e.stdout)
	fmt.Fprintf(w, ".TH CHANCAT 1 \"\" \"chancat %s\" \"User Commands\"\n", roff(version()))
	fmt.Fprintf(w, ".SH NAME\nchancat \\- %s\n", roff(root.Short))
	fmt.Fprintf(w, ".SH SYNOPSIS\n.B chancat\n.I COMMAND\n[\\fIFLAGS\\fR] [\\fIARGS\\fR]\n")
	fmt.Fprintf(w, ".SH DESCRIPTION\n%s\n", paragraphs(root.Long))
	fmt.Fprintf(w, ".SH COMMANDS\n")
	for _, cmd := range root.Commands() {
		if !isTopic(cmd) && !cmd.Hidden && cmd.Name() != "help" {
			manCommand(w, cmd)
		}
	}
	fmt.Fprintf(w, ".SH FLAGS OF EVERY COMMAND\n")
	manFlags(w, root.PersistentFlags())
	for _, cmd := range root.Commands() {
		if isTopic(cmd) {
			fmt.Fprintf(w, ".SH %s\n%s", strings.ToUpper(roff(cmd.Name())), literal(cmd.Long))
		}
	}
	return w.Flush()
}

func manCommand(w *bufio.Writer, cmd *cobra.Command) {
	usage := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ") + strings.TrimPrefix(cmd.Use, cmd.Name())
	fmt.Fprintf(w, ".SS chancat %s\n%s.\n", roff(usage), roff(cmd.Short))
	if cmd.Long != "" && cmd.Name() != "completion" {
		fmt.Fprintf(w, ".PP\n%s\n", literalIfIndented(cmd.Long))
	}
	manFlags(w, cmd.LocalNonPersistentFlags())
	if cmd.Example != "" {
		fmt.Fprintf(w, ".PP\nExamples:\n%s", literal(cmd.Example))
	}
	if cmd.Name() == "completion" { // its shells explain themselves
		return
	}
	for _, below := range cmd.Commands() {
		manCommand(w, below)
	}
}

func manFlags(w *bufio.Writer, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		spelling := "\\fB\\-\\-" + roff(f.Name) + "\\fR"
		if f.Shorthand != "" {
			spelling = "\\fB\\-" + roff(f.Shorthand) + "\\fR, " + spelling
		}
		if name != "" {
			spelling += " \\fI" + roff(name) + "\\fR"
		}
		fmt.Fprintf(w, ".TP\n%s\n%s\n", spelling, roff(usage))
	})
}

// roff escapes text for one line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		var b strings.Builder
		for _, r := range text {
			if r > unicode.MaxASCII {
				fmt.Fprintf(&b, `\[u%04X]`, r)
			} else {
				b.WriteRune(r)
			}
		}
		text = b.String()
	}
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

func paragraphs(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			line = ".PP"
		} else {
			line = roff(line)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// manIndent is what man puts before the lines of a section, in columns.
const manIndent = 7

// literal keeps the line breaks and indentation of text. What would be too wide for
// a screen is not indented more.
func literal(text string) string {
	var b strings.Builder
	b.WriteString(".nf\n")
	wide := false
	for line := range strings.SplitSeq(text, "\n") {
		wide = wide || utf8.RuneCountInString(line)+manIndent > helpWidth
	}
	if wide {
		b.WriteString(".in 0\n")
	}
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(roff(line) + "\n")
	}
	if wide {
		b.WriteString(".in\n")
	}
	b.WriteString(".fi\n")
	return b.String()
}

func literalIfIndented(text string) string {
	if strings.Contains(text, "\n  ") {
		return literal(text)
	}
	return paragraphs(text)
}
