package main

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"
)

// redactFlags say what is not to be recorded.
type redactFlags struct{ patterns []string }

func (f *redactFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.patterns, "redact", nil, "put * for what `REGEXP`, or its groups in parentheses, matches in messages that are recorded")
}

// parse returns the expressions.
func (f *redactFlags) parse() (secrets []*regexp.Regexp, err error) {
	for _, p := range f.patterns {
		r, err := regexp.Compile(p)
		if err != nil {
			return nil, usage(fmt.Errorf("--redact: %w", err))
		}
		if r.MatchString("") {
			return nil, usage(fmt.Errorf("--redact %q matches the empty text, which is everywhere; want at least a character", p))
		}
		secrets = append(secrets, r)
	}
	return secrets, nil
}
