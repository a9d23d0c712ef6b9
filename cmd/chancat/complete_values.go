package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chancat/channel/internal/repl"
	"github.com/chancat/channel/internal/text"
)

// proposed are those of words, which may have a description behind a tab, that begin
// with typed. Behind one that is only the start of a value the shell puts no blank.
func proposed(words []string, typed string) ([]string, cobra.ShellCompDirective) {
	words = slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, typed) })
	directive := cobra.ShellCompDirectiveNoFileComp
	if len(words) == 1 {
		if word, _, _ := strings.Cut(words[0], "\t"); strings.ContainsAny(word[max(0, len(word)-1):], "=:/+") {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	return words, directive
}

// completeFraming proposes framings and, behind a comma, their options.
func completeFraming(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	words, directive := completeSpelling("", typed)
	if name := cmd.Name(); (name == "connect" || name == "decode" || name == "tap") && strings.HasPrefix(autoSpelling, typed) {
		words = append(words, autoSpelling+"\tdecide from the bytes")
	}
	return words, directive
}

// completeSpelling proposes framings for what is typed behind prefix.
func completeSpelling(prefix, typed string) ([]string, cobra.ShellCompDirective) {
	found, word := repl.SpellingCandidates(typed)
	before := prefix + strings.TrimSuffix(typed, word)
	var words []string
	for _, c := range found {
		words = append(words, before+c.Text+"\t"+c.Note)
	}
	words, directive := proposed(words, prefix+typed)
	if len(words) == 1 && !strings.Contains(word, "=") {
		name, _, _ := strings.Cut(words[0], "\t")
		if options, _ := repl.SpellingCandidates(name + ","); len(options) > 1 { // than max=
			directive |= cobra.ShellCompDirectiveNoSpace // options may follow
		}
	}
	return words, directive
}

// framesCoding is the coding that has a framing behind it.
const framesCoding = "frames="

// completeCoding is for --in and --out.
func completeCoding(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if spelling, ok := strings.CutPrefix(typed, framesCoding); ok {
		return completeSpelling(framesCoding, spelling)
	}
	words := text.Names()
	for i, w := range words {
		if strings.HasPrefix(w, framesCoding) {
			words[i] = framesCoding
		}
	}
	return proposed(words, typed)
}

// completeDelivery is for the ways to write in pieces, and for more of them.
func completeDelivery(more ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return proposed(append([]string{"each-byte", "split", "merge", "random:"}, more...), typed)
	}
}

// completeFault is for the rules of --fault: [c2s:|s2c:]WHICH:WHAT.
func completeFault(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	which := []string{"msg=", "every=", "match=", "rate="}
	what := []string{"truncate=", "drop", "dup", "corrupt", "length+", "length-", "delay=", "split", "reset"}
	behind := strings.LastIndexByte(typed, ':') + 1
	choices := what
	switch typed[:behind] {
	case "":
		choices = append(which, "c2s:", "s2c:")
	case "c2s:", "s2c:":
		choices = which
	}
	var words []string
	for _, c := range choices {
		words = append(words, typed[:behind]+c)
	}
	return proposed(words, typed)
}

// filesMost bounds the files of a directory that are proposed.
const filesMost = 1000

// filesBehind proposes the files that path, half typed, may mean.
func filesBehind(prefix, path string) (words []string) {
	dir, name := filepath.Split(path)
	open, err := os.Open(orDefault(dir, "."))
	if err != nil {
		return nil
	}
	defer open.Close()
	entries, _ := open.ReadDir(filesMost)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") && !strings.HasPrefix(name, ".") {
			continue
		}
		word := prefix + dir + entry.Name()
		if entry.IsDir() {
			word += "/"
		}
		words = append(words, word)
	}
	slices.Sort(words)
	return words
}

// forShells prepares the flags of all commands for a shell that asks: the quotes
// that mark the value in a description go, and files are proposed only for a value
// that is one.
func forShells(root *cobra.Command) {
	prepare := func(cmd *cobra.Command, flags *pflag.FlagSet) {
		flags.VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			f.Usage = usage
			switch value {
			case "", "FILE", "PATH": // "" has no value
			case "DIR":
				cmd.MarkFlagDirname(f.Name)
			default:
				if _, known := cmd.GetFlagCompletionFunc(f.Name); !known {
					cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
				}
			}
		})
	}
	prepare(root, root.PersistentFlags())
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		prepare(cmd, cmd.Flags())
		for _, below := range cmd.Commands() {
			each(below)
		}
	}
	each(root)
}
