// Package term knows the terminal: whether there is one, how wide it is, and
// which colours may be used on it.
package term

import (
	"os"

	xterm "golang.org/x/term"
)

// Is reports whether f is a terminal.
func Is(f *os.File) bool { return xterm.IsTerminal(int(f.Fd())) }
