//go:build unix && !aix && !solaris

package repl

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/chzyer/readline"
)

// A keymap stands between readline and the rest: before sees each key, and may
// give readline another one; after sees the line, and may change it. Both run on
// readline's own goroutine, to which the fields belong that no lock guards.
type keymap struct {
	keyboard *keyboard
	screen   *screen
	readline *readline.Instance
	entries  func() []string // of the history, oldest first
	suspend  func()
	fatal    func() // gives the terminal back in a panic
	monitor  monitor

	line   []rune // as readline has it; never written to
	at     int    // the cursor
	ending bool   // the key at hand ends ReadLine
	edit   func(line []rune, at int) ([]rune, int)
	rest   *rest // of the line, while readline has a part of it

	mu        sync.Mutex // guards the rest
	started   bool       // a new line, of which no key has come yet
	over      bool       // readline has seen the end of its input, and says so once
	completer Completer
}

// A rest is what readline does not see of a line, so that one of its two kills, to
// the start and to the end, cuts out a word.
type rest struct{ before, after []rune }

// start is called before each line.
func (k *keymap) start() {
	k.mu.Lock()
	k.started = true
	k.mu.Unlock()
}

// isOver reports whether readline's loop ends, or has ended.
func (k *keymap) isOver() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.over
}

func (k *keymap) setCompleter(c Completer) {
	k.mu.Lock()
	k.completer = c
	k.mu.Unlock()
}

// before is called with each key, and returns what readline shall take it for.
func (k *keymap) before(key rune) (rune, bool) {
	defer k.guard()
	k.mu.Lock()
	started := k.started
	k.started = false
	k.over = key == 0 && (started || k.ending || len(k.line) == 0) // else it first returns the line
	k.mu.Unlock()
	if started {
		k.line, k.at, k.rest = nil, 0, nil
		k.loadHistory()
	}
	k.monitor.searched = false
	k.edit = nil
	searching := k.readline.Operation.IsSearchMode()
	k.ending = false

	switch key {
	case 0, readline.CharEnter, readline.CharCtrlJ:
		k.ending = true
	case readline.CharInterrupt:
		if searching {
			k.more()
			return readline.CharBell, true
		}
		k.ending = true
	case readline.CharDelete: // Ctrl-D
		if len(k.line) == 0 && !searching {
			k.ending = true
			break
		}
		k.more()
		return k.instead(deleteAfter)
	case readline.CharBackspace:
		if !searching {
			return k.instead(deleteBefore)
		}
	case keyEscape:
		if searching {
			return readline.CharBell, true
		}
		return k.instead(func(line []rune, at int) ([]rune, int) { return line, at })
	case readline.CharTab:
		return k.instead(k.complete)
	case keyPaste:
		paste := []rune(k.keyboard.takePaste())
		return k.instead(func(line []rune, at int) ([]rune, int) {
			return slices.Concat(line[:at], paste, line[at:]), at + len(paste)
		})
	case keySuspend:
		k.suspend()
		return k.instead(func(line []rune, at int) ([]rune, int) { return line, at })
	default:
		if edit := edits[key]; edit != nil {
			return k.instead(edit)
		}
		if part := parts[key]; part != nil {
			return k.instead(func(line []rune, at int) ([]rune, int) {
				from, to := part(line, at)
				k.rest = &rest{line[:from], line[to:]}
				return line[from:to], at - from
			})
		}
	}
	return key, true
}

// edits are the keys that do without readline, which knows no clusters.
var edits = map[rune]func(line []rune, at int) ([]rune, int){
	keyDelete:             deleteAfter,
	readline.CharBackward: func(line []rune, at int) ([]rune, int) { return line, clusterBefore(line, at) },
	readline.CharForward:  func(line []rune, at int) ([]rune, int) { return line, clusterAfter(line, at) },
	keyWordLeft:           func(line []rune, at int) ([]rune, int) { return line, wordBefore(line, at) },
	keyWordRight:          func(line []rune, at int) ([]rune, int) { return line, wordAfter(line, at) },
}

// parts are the keys that let readline see but a part of the line for one kill.
var parts = map[rune]func(line []rune, at int) (from, to int){
	keyToWordStart: func(line []rune, at int) (int, int) { return wordBefore(line, at), len(line) },
	keyToBlank:     func(line []rune, at int) (int, int) { return blankBefore(line, at), len(line) },
	keyToWordEnd:   func(line []rune, at int) (int, int) { return 0, wordAfter(line, at) },
}

func deleteBefore(line []rune, at int) ([]rune, int) {
	from := clusterBefore(line, at)
	return slices.Concat(line[:from], line[at:]), from
}

func deleteAfter(line []rune, at int) ([]rune, int) {
	return slices.Concat(line[:at], line[clusterAfter(line, at):]), at
}

// instead makes edit the whole effect of a key. Readline is given one that ends a
// search where it has come to, and does nothing else that lasts.
func (k *keymap) instead(edit func(line []rune, at int) ([]rune, int)) (rune, bool) {
	k.edit = edit
	if k.readline.Operation.IsSearchMode() {
		return readline.CharForward, true
	}
	return readline.CharBell, true
}

// more lets the next key come after one that may end a line and does not.
func (k *keymap) more() {
	k.keyboard.goOn()
	k.readline.Terminal.KickRead()
}

// after is called with the line as a key has left it. It always returns a line of
// its own: the buffer that readline has after a search is that of the history
// entry, and its cursor may stand behind the end after Ctrl-T.
func (k *keymap) after(line []rune, at int, key rune) (newLine []rune, newAt int, ok bool) {
	defer k.guard()
	if line == nil || k.ending { // before the first key, or after the last
		return nil, 0, false
	}
	at = min(at, len(line))
	partial := false
	switch {
	case k.edit != nil:
		partial = k.rest == nil
		line, at = k.edit(k.line, k.at)
		partial = partial && k.rest != nil
	case k.rest != nil:
		line, at = slices.Concat(k.rest.before, line, k.rest.after), at+len(k.rest.before)
		k.rest = nil
	}
	k.line, k.at = line, at
	if !partial {
		k.show(key)
	}
	return slices.Clone(line), at, true
}

// show hands the line to the screen.
func (k *keymap) show(key rune) {
	search := ""
	stays := key == readline.CharBackspace && k.readline.Operation.IsSearchMode() // with nothing to delete
	if k.monitor.searched || stays {
		search = k.monitor.search
	}
	k.screen.edit(func(l *line) { l.text, l.at, l.search = k.line, k.at, search })
	if k.monitor.cleared {
		k.monitor.cleared = false
		k.screen.clear()
	}
}

// complete is Tab.
func (k *keymap) complete(line []rune, at int) ([]rune, int) {
	k.mu.Lock()
	ask := k.completer
	k.mu.Unlock()
	if ask == nil {
		return line, at
	}
	line, at, list := complete(ask, line, at)
	if len(list) > 0 {
		k.screen.list(list)
	}
	return line, at
}

// loadHistory gives readline the entries. There is always one, because its search
// cannot be left without.
func (k *keymap) loadHistory() {
	entries := k.entries()
	k.readline.ResetHistory()
	if len(entries) == 0 {
		entries = []string{""}
	}
	for _, entry := range entries {
		k.readline.SaveHistory(entry)
	}
}

// guard gives the terminal back when something panics that was called from
// readline's goroutine, which nobody else can recover in.
func (k *keymap) guard() {
	if p := recover(); p != nil {
		k.fatal()
		panic(p)
	}
}

// A monitor is the Stdout of readline. Only what its search reports is of use.
type monitor struct {
	search   string // what to show in place of the prompt
	searched bool   // since the key at hand
	cleared  bool   // Ctrl-L
}

func (m *monitor) Write(p []byte) (int, error) {
	switch report := bytes.TrimLeft(p, "\n"); {
	case bytes.HasPrefix(report, []byte("\x1b[J")):
		status, words, found := strings.Cut(string(report[len("\x1b[J"):]), "-i-search: ")
		words, _, ended := strings.Cut(words, "\x1b[4m \x1b[0m")
		if found && ended {
			m.searched = true
			m.search = "search: "
			if strings.HasPrefix(status, "failing") {
				m.search = "not found: "
			}
			m.search += words + " | "
		}
	case string(p) == "\x1b[H":
		m.cleared = true
	}
	return len(p), nil
}
