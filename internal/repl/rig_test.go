//go:build unix && !aix && !solaris

package repl

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// A rig is an Editor on a terminal that the test sees and types on. Every
// character of its screen has one cell.
type rig struct {
	t      testing.TB
	editor *lineEditor
	screen vt10x.Terminal
	lines  chan lineRead // what ReadLine returns, until io.EOF

	master, tty *os.File
	hungUp      sync.Once
	drained     chan struct{} // the master has no more

	mu    sync.Mutex
	bytes int64        // that came out
	raw   bytes.Buffer // the last of them
}

type lineRead struct {
	text string
	err  error
}

// newRig starts an Editor with env, which may be nil, that reads lines for ever.
func newRig(t testing.TB, columns, rows int, env map[string]string) *rig {
	t.Helper()
	return startRig(t, columns, rows, env, func(Editor) {})
}

// newRigWith is a rig that calls first before it reads lines.
func newRigWith(t testing.TB, first func(Editor)) *rig {
	t.Helper()
	return startRig(t, 80, 24, nil, first)
}

func startRig(t testing.TB, columns, rows int, env map[string]string, first func(Editor)) *rig {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	master = pollable(t, master)
	r := &rig{
		t: t, master: master, tty: tty, lines: make(chan lineRead, 1000), drained: make(chan struct{}),
		screen: vt10x.New(vt10x.WithSize(max(columns, 1), max(rows, 1))),
	}
	if columns == 0 {
		r.screen.Resize(usualWidth, usualHeight)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		t.Fatal(err)
	}
	go r.emulate()
	getenv := func(name string) string {
		switch {
		case env[name] != "":
			return env[name]
		case name == "TERM":
			return "linux" // the emulator does not reflow either
		}
		return ""
	}
	editor := NewEditor(Config{In: tty, Out: tty, Prompt: "> ", History: env["HISTORY"], Getenv: getenv})
	var ok bool
	if r.editor, ok = editor.(*lineEditor); !ok {
		t.Fatalf("the editor on a terminal is a %T", editor)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		first(editor)
		for {
			text, err := editor.ReadLine()
			if err == nil {
				editor.Remember(text)
			}
			r.lines <- lineRead{text, err}
			if err == io.EOF && r.editor.isClosed() {
				return
			}
		}
	}()
	t.Cleanup(func() {
		editor.Close()
		r.mustClose(ended, "ReadLine to return after Close")
		tty.Close()
		r.hangUp()
		r.mustClose(r.drained, "the terminal to end")
	})
	return r
}

// pollable returns f such that its Close ends a Read that waits.
func pollable(t testing.TB, f *os.File) *os.File {
	t.Helper()
	defer f.Close()
	fd, err := unix.Dup(int(f.Fd()))
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func (e *lineEditor) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

func (r *rig) hangUp() { r.hungUp.Do(func() { r.master.Close() }) }

// emulate is the terminal.
func (r *rig) emulate() {
	defer close(r.drained)
	var held []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := r.master.Read(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.bytes += int64(n)
		if r.raw.Len() > 1<<20 {
			r.raw.Reset()
		}
		r.raw.Write(buf[:n])
		r.mu.Unlock()
		held = append(held, buf[:n]...)
		whole := len(held)
		for i := 1; i <= min(len(held), utf8.UTFMax); i++ {
			if utf8.RuneStart(held[len(held)-i]) {
				if !utf8.FullRune(held[len(held)-i:]) {
					whole = len(held) - i
				}
				break
			}
		}
		r.screen.Write(held[:whole])
		held = append(held[:0], held[whole:]...)
	}
}

func (r *rig) send(text string) {
	r.t.Helper()
	if _, err := io.WriteString(r.master, text); err != nil {
		r.t.Fatal(err)
	}
}

// text is the screen without blank rows at its end and blanks at the end of rows.
func (r *rig) text() string {
	rows := strings.Split(r.screen.String(), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " \x00")
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

func (r *rig) cursor() (row, column int) {
	r.screen.Lock()
	defer r.screen.Unlock()
	c := r.screen.Cursor()
	return c.Y, c.X
}

// wait polls until is holds for the screen.
func (r *rig) wait(what string, is func(text string) bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !is(r.text()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			row, column := r.cursor()
			r.t.Fatalf("waited in vain for %s; the cursor is at %d,%d of\n%s", what, row, column, r.text())
		}
	}
}

// waitText waits for a screen that ends with text.
func (r *rig) waitText(text string) {
	r.t.Helper()
	r.wait("a screen that ends with\n"+text, func(now string) bool { return strings.HasSuffix("\n"+now, "\n"+text) })
}

func (r *rig) waitCursor(row, column int) {
	r.t.Helper()
	r.wait("the cursor", func(string) bool { y, x := r.cursor(); return y == row && x == column })
}

// line returns what ReadLine returned.
func (r *rig) line() (string, error) {
	r.t.Helper()
	select {
	case l := <-r.lines:
		return l.text, l.err
	case <-time.After(patience):
		r.t.Fatalf("no line; the screen is\n%s", r.text())
		return "", nil
	}
}

func (r *rig) wantLine(want string) {
	r.t.Helper()
	if got, err := r.line(); got != want || err != nil {
		r.t.Fatalf("line %.200q (%d bytes), %v; want %.200q (%d bytes)", got, len(got), err, want, len(want))
	}
}

// resize changes the size of the terminal, and says so as the tty does.
func (r *rig) resize(columns, rows int) {
	r.screen.Resize(columns, rows)
	unix.IoctlSetWinsize(r.editor.terminal.out, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}) // fails after a hang-up
	syscall.Kill(os.Getpid(), syscall.SIGWINCH)
}

func (r *rig) mustClose(c <-chan struct{}, what string) {
	r.t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		r.t.Errorf("waited in vain for %s", what)
	}
}

// paste is text as a terminal sends it when it is pasted.
func paste(text string) string {
	return pasteStart + strings.ReplaceAll(text, "\n", "\r") + pasteEnd
}

func historyIn(t testing.TB) string { return filepath.Join(t.TempDir(), "chancat", "history") }
