package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// refuseShells makes cobra's completion command refuse a shell that it does not
// know, instead of explaining itself with success.
func refuseShells(root *cobra.Command) {
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		panic(err) // it has just been added
	}
	completion.Use = "completion SHELL"
	completion.Short = "print a script with which a shell completes the command line"
	completion.Long = `Print a script with which a shell completes commands, flags, framings with their
options, addresses, faults and files. 'chancat completion SHELL --help' says where
it belongs.`
	completion.Example = `  source <(chancat completion bash)
  chancat completion fish | source`
	explainShells(completion)
	completion.Args = cobra.ArbitraryArgs
	completion.RunE = func(_ *cobra.Command, args []string) error {
		var shells []string
		for _, c := range completion.Commands() {
			shells = append(shells, c.Name())
		}
		return usage(fmt.Errorf("want one of %s, got %q", strings.Join(shells, ", "), strings.Join(args, " ")))
	}
}

// bashAlone stands in for the package bash-completion where that is not installed:
// words are split at blanks.
const bashAlone = `
if ! declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    __chancat_init_completion()
    {
        COMPREPLY=()
        read -ra words <<< "${COMP_LINE:0:COMP_POINT}"
        [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur=${words[cword]}
        prev=${words[cword > 0 ? cword - 1 : 0]}
    }
fi
`

// shellHelp says how each shell takes its script.
var shellHelp = map[string]string{
	"bash": `Print a script with which bash completes the command line. For this shell:

  source <(chancat completion bash)

For every new one, put that line into ~/.bashrc. The package bash-completion is
used where it is installed.`,
	"zsh": `Print a script with which zsh completes the command line. For this shell:

  source <(chancat completion zsh)

For every new one, put that line into ~/.zshrc, behind 'autoload -U compinit;
compinit', without which zsh completes nothing; or write the script to a file
_chancat in a folder of $fpath.`,
	"fish": `Print a script with which fish completes the command line. For this shell:

  chancat completion fish | source

For every new one:

  chancat completion fish > ~/.config/fish/completions/chancat.fish`,
	"powershell": `Print a script with which PowerShell completes the command line. For this shell:

  chancat completion powershell | Out-String | Invoke-Expression

For every new one, put that line into the file that $PROFILE names.`,
}

// explainShells says what the scripts are for in our words, and has that for bash
// work without the package bash-completion too.
func explainShells(completion *cobra.Command) {
	for _, shell := range completion.Commands() {
		shell.Short = "print the script for " + shell.Name()
		shell.Long = shellHelp[shell.Name()]
		if shell.Name() != "bash" {
			continue
		}
		script := shell.RunE
		shell.RunE = func(cmd *cobra.Command, args []string) error {
			if err := script(cmd, args); err != nil {
				return err
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), bashAlone)
			return err
		}
	}
}
