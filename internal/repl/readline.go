//go:build unix && !aix && !solaris

package repl

import (
	"io"
	"sync"

	"github.com/chzyer/readline"

	"github.com/chancat/channel/internal/text/escape"
)

// A lineEditor is the Editor on a terminal. Readline has the line: what a key does
// to it, kill and yank, the walk through the history and its search. It paints
// nothing: its own painting is not safe beside messages that arrive, and does not
// know how wide characters are.
//
//	tty ─► keyboard ─► readline ─► keymap ─► screen ─► tty
//	                                Write ────┘
//
// Three things keep readline from the terminal. It is told that it has none, so
// that its buffer is not drawn. Its Stdout is a monitor, which picks out what the
// history search reports and drops the rest. And its Stdin is the keyboard, which
// passes on no escapes, so that its table of those is not used. The keymap sees
// each key before readline, and the line after each key; it hands a copy of that
// to the screen, whose goroutine alone writes to the terminal. So nothing of
// readline's is touched by any goroutine but its own.
type lineEditor struct {
	terminal *terminal
	keyboard *keyboard
	screen   *screen
	keymap   *keymap
	readline *readline.Instance
	unwatch  func()
	close    sync.Once // whoever calls Close waits for it, also the second time
	told     bool      // of the trouble with the history file; of the reading goroutine

	mu      sync.Mutex // guards the rest
	reading bool
	closed  bool
	history *history
}

func newLineEditor(c Config) (Editor, error) {
	t, err := newTerminal(c.In, c.Out)
	if err != nil {
		return nil, err
	}
	k, err := newKeyboard(t.in)
	if err != nil {
		return nil, err
	}
	e := &lineEditor{terminal: t, keyboard: k, history: &history{}}
	e.screen = newScreen(t, UTF8Locale(c.Getenv), reflows(c.Getenv), t.restore)
	e.keymap = &keymap{keyboard: k, screen: e.screen, entries: e.entries, suspend: e.suspend, fatal: e.giveBack}
	e.readline, err = readline.NewEx(&readline.Config{
		Stdin:                  k,
		Stdout:                 &e.keymap.monitor,
		Stderr:                 io.Discard,
		FuncIsTerminal:         func() bool { return false }, // so that it does not paint
		FuncMakeRaw:            func() error { return nil },
		FuncExitRaw:            func() error { return nil },
		FuncGetWidth:           func() int { return usualWidth }, // it paints nothing, but divides by it
		FuncOnWidthChanged:     func(func()) {},
		FuncFilterInputRune:    e.keymap.before,
		Listener:               readline.FuncListener(e.keymap.after),
		HistoryLimit:           historyMost + 2, // an entry for the new line, and one if there are none
		HistorySearchFold:      true,
		DisableAutoSaveHistory: true,
	})
	if err != nil {
		e.screen.close()
		k.release()
		return nil, err
	}
	e.keymap.readline = e.readline
	e.unwatch = watch(
		e.screen.signal,
		func() { e.terminal.again(); e.screen.edit(func(*line) {}) },
		t.restore, // and not the screen: it may be what hangs
	)
	e.terminal.pause()
	e.SetPrompt(c.Prompt)
	if c.History != "" {
		h, err := openHistory(c.History)
		e.history = h
		e.tell(err)
	}
	return e, nil
}

// reflows guesses whether the terminal breaks long rows in two when it becomes
// narrower. Most do; of the others these are known.
func reflows(getenv func(string) string) bool {
	return getenv("XTERM_VERSION") == "" && getenv("STY") == "" && getenv("TERM") != "linux"
}

func (e *lineEditor) ReadLine() (string, error) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		e.Close() // which waits for the one that has begun
		return "", io.EOF
	}
	e.reading = true
	err := e.terminal.edit()
	e.mu.Unlock()
	if err != nil {
		e.Close()
		e.stopReading(nil)
		return "", io.EOF // the terminal is gone
	}
	e.keymap.start()
	e.screen.edit(func(l *line) { l.shown = true })
	e.keyboard.goOn()
	text, err := e.readline.Readline()
	return e.entered(text, err)
}

// entered ends ReadLine.
func (e *lineEditor) entered(text string, err error) (string, error) {
	if e.keyboard.hasEnded() { // and readline returns a line that is half typed
		e.Close()
		e.stopReading(err)
		return "", io.EOF
	}
	ended := err
	switch err {
	case nil:
		e.screen.enter("", true)
	case readline.ErrInterrupt:
		e.screen.enter("^C", true)
		err = ErrInterrupt
	default:
		e.screen.enter("", false)
	}
	e.pause()
	e.stopReading(ended)
	return text, err
}

// pause sets the terminal for the time between two lines.
func (e *lineEditor) pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.terminal.pause()
	}
}

// stopReading tears readline down if Close has come meanwhile. err is how readline
// has ended its line.
func (e *lineEditor) stopReading(err error) {
	e.mu.Lock()
	e.reading = false
	closed := e.closed
	e.mu.Unlock()
	if closed {
		e.tearDown(err)
	}
}

// tearDown ends readline's goroutines. Closing it before it has noticed the end of
// its input would leave some behind.
func (e *lineEditor) tearDown(err error) {
	for err != io.EOF || !e.keymap.isOver() {
		_, err = e.readline.Readline()
	}
	e.readline.Close()
	e.keyboard.release()
}

func (e *lineEditor) Write(p []byte) (int, error) {
	e.screen.write(p)
	return len(p), nil
}

func (e *lineEditor) Say(p []byte) { e.screen.say(p) }

func (e *lineEditor) SetPrompt(text string) {
	p := newPrompt(text)
	e.screen.edit(func(l *line) { l.prompt = p })
}

func (e *lineEditor) Width() int {
	width, _ := e.terminal.size()
	return width
}

func (e *lineEditor) SetCompleter(c Completer) { e.keymap.setCompleter(c) }

func (e *lineEditor) Lend(run func() error) error {
	e.screen.leave()
	defer e.screen.comeBack()
	e.terminal.lend()
	defer e.pause()
	return run()
}

func (e *lineEditor) Close() error {
	e.close.Do(func() {
		e.mu.Lock()
		e.closed = true
		reading := e.reading
		e.mu.Unlock()
		e.unwatch()
		e.keyboard.Close()
		e.screen.close()
		e.terminal.restore()
		if !reading {
			e.tearDown(nil)
		}
	})
	return nil
}

// giveBack shows what is to be shown, and leaves the terminal as it was found.
func (e *lineEditor) giveBack() {
	e.screen.leave()
	e.terminal.restore()
}

// suspend stops us at Ctrl-Z, with the terminal as the shell wants it.
func (e *lineEditor) suspend() {
	e.giveBack()
	stopGroup()
	e.mu.Lock()
	if !e.closed {
		e.terminal.edit()
	}
	e.mu.Unlock()
	e.screen.comeBack()
}

func (e *lineEditor) Remember(text string) {
	e.mu.Lock()
	err := e.history.add(text)
	e.mu.Unlock()
	e.tell(err)
}

func (e *lineEditor) entries() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.history.entries
}

// tell says what is wrong with the history file, once.
func (e *lineEditor) tell(err error) {
	if err == nil || e.told {
		return
	}
	e.told = true
	e.Say(escape.AppendPrintable(nil, []byte("-- "+err.Error())))
}
