// Anchors measures chancat against the best of its field, and writes
// docs/performance.md.
//
//	go run . -o ../../docs/performance.md        # everything, about five minutes
//	go run . -cells stream/16B library           # one cell, to standard output
//	go run . -quick all                          # does it all still run?
//	go test -bench . -count 10 | tee old         # for benchstat
//
// It is a module of its own so that no user of chancat downloads what it is
// measured against.
//
// A [Cell] is a set of entrants that are measured against each other and the
// goals for their ratios; library.go and tool.go have the cells. A [Contender]
// carries messages over a connection within this process; a transport is a
// command that does so between processes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "anchors: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("anchors", flag.ExitOnError)
	out := flags.String("o", "", "write the page to this `file`; performance-notes.md beside it is included")
	reps := flags.Int("reps", 9, "paired repetitions")
	only := flags.String("cells", "", "measure only the cells whose name matches this `regexp`")
	quick := flags.Bool("quick", false, "a smoke run: little data, 2 repetitions")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: anchors [flags] [library|tool|all]")
		flags.PrintDefaults()
	}
	flags.Parse(args)
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if *reps < 1 {
		return fmt.Errorf("-reps %d: want at least 1", *reps)
	}
	t, v := timing{target: 80 * time.Millisecond, rounds: 1000}, fullVolume
	if *quick {
		*reps, t, v = 2, timing{target: 5 * time.Millisecond, rounds: 100}, quickVolume
	}
	mode := "all"
	if flags.NArg() > 0 {
		mode = flags.Arg(0)
	}

	var library, tool []Result
	switch mode {
	case "library", "tool", "all":
	default:
		return fmt.Errorf("mode %q: want library, tool or all", mode)
	}
	if mode != "tool" {
		library = measure(libraryCells(t), match, *reps)
	}
	if mode != "library" {
		dir, err := os.MkdirTemp("", "anchors")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		chancat, err := buildChancat(dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, err) // the others can be measured without it
		}
		tool = measure(toolCells(chancat, dir, v), match, *reps)
	}

	var page strings.Builder
	notes, _ := os.ReadFile(filepath.Join(filepath.Dir(*out), "performance-notes.md")) // there need be none
	writeReport(&page, *reps, library, tool, string(notes))
	return writeFile(*out, page.String())
}

func measure(cells []Cell, match *regexp.Regexp, reps int) []Result {
	var results []Result
	for _, c := range cells {
		if match.MatchString(c.Name) {
			results = append(results, c.run(reps, os.Stderr))
		}
	}
	return results
}
