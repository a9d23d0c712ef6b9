package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
)

func newFramings(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "framings",
		Short: "list the framings",
		Long:  topic("framings"),
		Args:  exactArgs(),
		RunE:  func(*cobra.Command, []string) error { return listFramings(e) },
	}
}

func listFramings(e *env) error {
	specs := framing.Specs()
	width := 0
	for _, s := range specs {
		width = max(width, len(spellingOf(s)))
	}
	w := bufio.NewWriter(e.stdout)
	options := map[string][]string{} // the names that take them
	var order []string
	for _, s := range specs {
		fmt.Fprintf(w, "%-*s  %s", width, spellingOf(s), s.Doc)
		if len(s.Aliases) > 0 {
			fmt.Fprintf(w, "; also %s", strings.Join(s.Aliases, ", "))
		}
		fmt.Fprintln(w)
		if s.Options == "" {
			continue
		}
		if options[s.Options] == nil {
			order = append(order, s.Options)
		}
		options[s.Options] = append(options[s.Options], s.Name)
	}
	fmt.Fprintf(w, "%-*s  %s\n", width, autoSpelling, "not a framing: decode, connect and tap find it out from the bytes")
	fmt.Fprintf(w, "\nOptions, each behind a comma; every framing takes max=SIZE (default 16MiB):\n")
	for _, o := range order {
		fmt.Fprintf(w, "  %s\n      of", o)
		for _, name := range options[o] {
			fmt.Fprintf(w, " %s", name)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\nPresets, as spellings of those options (an opening of the protocol's own apart):\n")
	for _, s := range specs {
		if s.Preset != "" {
			fmt.Fprintf(w, "  %-*s  %s\n", width-2, s.Name, s.Preset)
		}
	}
	fmt.Fprintf(w, "\nA/B frames what the client sends as A and what the server sends as B.\n'chancat help framings' explains the options.\n")
	return w.Flush()
}

func spellingOf(s framing.Spec) string {
	if s.Value != "" {
		return s.Name + "=" + s.Value
	}
	return s.Name
}
