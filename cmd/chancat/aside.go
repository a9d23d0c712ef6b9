package main

import (
	"bytes"
	"io"
	"sync"
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

const (
	stderrLine  = 4 << 10                // bytes of a line of a program that are shown as one
	stderrPause = 100 * time.Millisecond // after which a line without an end is shown
)

// A childStderr is the stderr of a program that runs while a session has the
// terminal. The session shows its lines as notes; before and after it they are
// written as they are.
type childStderr struct {
	e *env

	mu   sync.Mutex  // guards the rest
	held []byte      // a line that has no end yet
	show *time.Timer // shows it; nil if nothing is held
}

func (c *childStderr) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.e.aside.to.Load() == nil {
		return c.e.stderr.Write(p)
	}
	for line := range bytes.Lines(p) {
		c.held = append(c.held, line...)
		if line[len(line)-1] == '\n' || len(c.held) > stderrLine {
			c.flush()
		}
	}
	if len(c.held) > 0 && c.show == nil {
		c.show = time.AfterFunc(stderrPause, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.flush()
		})
	}
	return len(p), nil
}

// flush shows what is held. c.mu is held.
func (c *childStderr) flush() {
	if c.show != nil {
		c.show.Stop()
		c.show = nil
	}
	if len(c.held) > 0 {
		c.e.say("stderr: %s", bytes.TrimRight(c.held, "\r\n"))
		c.held = nil
	}
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
