package main

import (
	"bytes"
	"io"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/internal/repl"
	"github.com/chancat/channel/internal/term"
)

// An aside is where what goes to stderr is shown while a session has the terminal:
// between its messages, so that the line being typed stays whole.
type aside struct{ to atomic.Pointer[io.Writer] }

// mark is what stands before a note: a session tells its notes from messages by it.
func (a *aside) mark() string {
	if a.to.Load() == nil {
		return ""
	}
	return "-- "
}

// show writes text to stderr, or has the session show it.
func (e *env) show(text string) {
	if to := e.aside.to.Load(); to != nil {
		io.WriteString(*to, text)
		return
	}
	io.WriteString(e.stderr, text)
}

// A childStderr is the stderr of programs that run while a session has the
// terminal. A session shows their lines as notes; before and after it they are
// written as they are.
type childStderr struct{ e *env }

func (c childStderr) Write(p []byte) (int, error) {
	if c.e.aside.to.Load() == nil {
		return c.e.stderr.Write(p)
	}
	for line := range bytes.Lines(p) {
		c.e.say("stderr: %s", bytes.TrimRight(line, "\r\n"))
	}
	return len(p), nil
}

// closeMost is how long a second signal waits for the terminal to be given back.
const closeMost = time.Second

// onStage gives the terminal to the editor of a session: what goes to stderr goes
// through it, and a second signal gives the terminal back. It returns what ends
// that.
func (e *env) onStage(editor repl.Editor) (over func()) {
	if term.Is(e.stderr) {
		var to io.Writer = editor
		e.aside.to.Store(&to)
	}
	giveBack := func() {
		done := make(chan struct{})
		go func() {
			editor.Close()
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(closeMost):
		}
	}
	e.beforeExit.Store(&giveBack)
	return func() {
		e.aside.to.Store(nil)
		e.beforeExit.Store(nil)
	}
}
