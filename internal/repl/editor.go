// Package repl is the interactive session: lines that a person types become
// messages, and those of the peer are shown between them (docs/spec.md §8).
package repl

import (
	"errors"
	"os"

	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/internal/xdg"
)

// A terminal of no size, as expect and CI have it, is taken for the usual one.
const (
	usualWidth  = 80
	usualHeight = 24
)

// An Editor reads what a person types and shows what arrives meanwhile.
//
// One goroutine reads: ReadLine, Remember and Lend are for it alone. The other
// methods may be called from any goroutine, at any time.
type Editor interface {
	// ReadLine returns the next line without its line end. It may hold LFs, that
	// were pasted or entered by Alt-Enter. At the end of the input the error is io.EOF; a
	// terminal may have more to read after it. For Ctrl-C it is ErrInterrupt, and
	// the line is the one that was dropped.
	ReadLine() (string, error)
	// Remember adds text, which may have several lines, to what was typed before and
	// can be had again.
	Remember(text string)
	// Write shows p, which is one message in whole lines. It never waits for the
	// terminal: when messages come faster than it shows them, the oldest that are
	// not shown yet are skipped and counted. Write keeps a copy of p.
	Write(p []byte) (int, error)
	// Say is Write for what must not be skipped, such as answers to commands.
	Say(p []byte)
	// SetPrompt changes what stands before the line, at once. Of escapes only
	// colours are kept.
	SetPrompt(prompt string)
	// Width is that of the terminal, in cells; 0 where there is none.
	Width() int
	// SetCompleter sets what Tab asks; nil completes nothing.
	SetCompleter(Completer)
	// Lend flushes what is to be shown and calls run, which may use the terminal:
	// to start an editor, for example. What is written meanwhile is shown
	// afterwards.
	Lend(run func() error) error
	// Close gives the terminal back as it was found, and makes ReadLine return
	// io.EOF; a line half typed is dropped, and nothing is shown any more. It may
	// be deferred to give the terminal back in a panic.
	Close() error
}

// ErrInterrupt is what ReadLine returns for Ctrl-C.
var ErrInterrupt = errors.New("interrupted")

// A Completer proposes what may stand in line instead of line[from:at]. at is the
// cursor; both are in bytes.
type Completer func(line string, at int) (candidates []Candidate, from int)

// A Candidate is one proposal.
type Candidate struct {
	Text string // what would stand in the line
	Note string // what a list says about it; may be empty
}

// Config says what NewEditor uses.
type Config struct {
	In, Out *os.File
	Prompt  string
	// History is the file that keeps lines across sessions. Empty means that they
	// are remembered for this one only.
	History string
	Getenv  func(string) string
}

// NewEditor returns an Editor on a terminal. Where a line cannot be painted (no
// terminal, TERM=dumb, Windows) it is the plain one.
func NewEditor(c Config) Editor {
	if kind := c.Getenv("TERM"); kind != "" && kind != "dumb" && term.Is(c.In) && term.Is(c.Out) {
		if e, err := newLineEditor(c); err == nil {
			return e
		}
	}
	return NewPlain(c.In, c.Out)
}

// HistoryPath is where the history of this user is, or "" if that is not known.
func HistoryPath(getenv func(string) string) string {
	if state := xdg.State(getenv); state != "" {
		return state + "/history"
	}
	return ""
}
