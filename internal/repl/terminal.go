//go:build unix && !aix && !solaris

package repl

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A terminal is a tty and the mode it was found in.
type terminal struct {
	in, out int // descriptors

	mu       sync.Mutex // guards the rest
	original unix.Termios
	state    mode
}

type mode int

const (
	asFound mode = iota
	editing
	between // two lines
	lent    // to somebody who may change it
)

func newTerminal(in, out *os.File) (*terminal, error) {
	t := &terminal{in: int(in.Fd()), out: int(out.Fd())}
	found, err := unix.IoctlGetTermios(t.in, getTermios)
	if err != nil {
		return nil, err
	}
	t.original = *found
	return t, nil
}

// edit turns off everything that a tty does with input. Output stays as it is, so
// that what others write, a panic for one, has line ends.
func (t *terminal) edit() error { return t.set(editing) }

// pause is for the time between two lines: keys send signals. What is typed ahead
// still goes to us unedited and is not echoed: a tty that edits lines keeps 4 KiB
// of a paste and drops the rest.
func (t *terminal) pause() error { return t.set(between) }

func (t *terminal) set(state mode) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == asFound {
		found, err := unix.IoctlGetTermios(t.in, getTermios)
		if err != nil {
			return err
		}
		t.original = *found
	}
	t.state = state
	return t.apply()
}

// again sets the mode that we want: while we were stopped, a shell has set its own.
func (t *terminal) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == editing || t.state == between {
		t.apply()
	}
}

func (t *terminal) apply() error {
	m := t.original
	m.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	m.Oflag |= unix.OPOST | unix.ONLCR
	m.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.IEXTEN
	if t.state == editing {
		m.Lflag &^= unix.ISIG
	}
	m.Cflag &^= unix.CSIZE | unix.PARENB
	m.Cflag |= unix.CS8
	m.Cc[unix.VMIN], m.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(t.in, setTermios, &m)
}

// lend sets the mode in which the terminal was found, and expects it to be changed.
func (t *terminal) lend() {
	t.restore()
	t.mu.Lock()
	t.state = lent
	t.mu.Unlock()
}

// restore sets the mode in which the terminal was found.
func (t *terminal) restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != asFound {
		unix.IoctlSetTermios(t.in, setTermios, &t.original)
	}
	t.state = asFound
}

func (t *terminal) size() (width, height int) {
	w, err := unix.IoctlGetWinsize(t.out, unix.TIOCGWINSZ)
	if err != nil {
		return usualWidth, usualHeight
	}
	width, height = int(w.Col), int(w.Row)
	if width == 0 {
		width = usualWidth
	}
	if height == 0 {
		height = usualHeight
	}
	return width, height
}

// Write writes all of p. Another program may have made the descriptor
// non-blocking: it is shared.
func (t *terminal) Write(p []byte) (n int, err error) {
	for n < len(p) {
		m, err := unix.Write(t.out, p[n:])
		switch {
		case err == unix.EAGAIN:
			var writable unix.FdSet
			writable.Set(t.out)
			unix.Select(t.out+1, nil, &writable, nil, nil)
		case err == unix.EINTR:
		case err != nil:
			return n, err
		}
		n += max(m, 0)
	}
	return n, nil
}
