//go:build unix && !aix && !solaris

package repl

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// escapeMost is how long the rest of an escape sequence may take. Escape pressed
// by a person is followed by nothing.
const escapeMost = 100 * time.Millisecond

// A keyboard is the Stdin of readline: what is typed, decoded.
//
// It reads the terminal only while a line is wanted, and hands out nothing beyond
// a key that may end the line until it is told to go on. So what is typed ahead
// belongs to the next line, and a program that we start gets its own input.
//
// It waits in select, on the terminal and on a pipe that wakes it: poll does not
// know terminals on macOS.
type keyboard struct {
	tty     int
	wakeR   int
	wakeW   int
	decoder decoder // of the reading goroutine
	chunk   [64 << 10]byte

	mu     sync.Mutex // guards the rest
	pastes []string   // of the keyPaste that were handed out, oldest first
	open   bool
	ended  bool // closed, or the terminal is gone
}

func newKeyboard(tty int) (*keyboard, error) {
	var pipe [2]int
	if err := unix.Pipe(pipe[:]); err != nil {
		return nil, err
	}
	k := &keyboard{tty: tty, wakeR: pipe[0], wakeW: pipe[1]}
	for _, fd := range pipe {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			k.release()
			return nil, err
		}
	}
	if max(tty, k.wakeR, k.wakeW) >= unix.FD_SETSIZE {
		k.release()
		return nil, errors.New("too many open files for select")
	}
	return k, nil
}

// Read is for readline.
func (k *keyboard) Read(p []byte) (int, error) {
	for {
		k.mu.Lock()
		open, ended := k.open, k.ended
		k.mu.Unlock()
		switch {
		case ended:
			return 0, io.EOF
		case !open:
			k.wait(false)
		case len(k.decoder.out) > 0:
			return k.handOut(p), nil
		case !k.fill():
			k.end()
		}
	}
}

// Close makes every Read return io.EOF.
func (k *keyboard) Close() error {
	k.end()
	k.wake()
	return nil
}

// release closes the pipe. Nothing may use k any more.
func (k *keyboard) release() {
	unix.Close(k.wakeR)
	unix.Close(k.wakeW)
}

// goOn lets Read hand out more, after a key that did not end the line or for the
// next line.
func (k *keyboard) goOn() {
	k.mu.Lock()
	k.open = true
	k.mu.Unlock()
	k.wake()
}

// hasEnded reports whether nothing will be typed any more.
func (k *keyboard) hasEnded() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ended
}

func (k *keyboard) end() {
	k.mu.Lock()
	k.ended = true
	k.mu.Unlock()
}

// takePaste returns what the keyPaste that is at hand stands for.
func (k *keyboard) takePaste() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	paste := k.pastes[0]
	k.pastes = k.pastes[1:]
	return paste
}

func (k *keyboard) wake() { unix.Write(k.wakeW, []byte{0}) } // a full pipe wakes too

// handOut returns what was decoded, up to a key that may end the line.
func (k *keyboard) handOut(p []byte) int {
	out := k.decoder.out
	if i := bytes.IndexAny(out, "\r\n\x03\x04"); i >= 0 {
		out = out[:i+1]
	}
	n := copy(p, out)
	last := p[n-1]
	k.decoder.out = k.decoder.out[n:]
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pastes = append(k.pastes, k.decoder.pastes...)
	k.decoder.pastes = nil
	if last == '\r' || last == '\n' || last == 3 || last == 4 {
		k.open = false
	}
	return n
}

// fill decodes what the terminal has. It returns false at the end of its input.
func (k *keyboard) fill() bool {
	if !k.wait(true) {
		return true
	}
	n, err := unix.Read(k.tty, k.chunk[:])
	if err == unix.EINTR || err == unix.EAGAIN {
		return true
	}
	if n <= 0 {
		return false
	}
	k.decoder.feed(k.chunk[:n])
	return true
}

// wait returns whether the terminal has input, or false after a wake.
func (k *keyboard) wait(tty bool) bool {
	var readable unix.FdSet
	readable.Set(k.wakeR)
	var timeout *unix.Timeval
	if tty {
		readable.Set(k.tty)
		if k.decoder.incomplete() {
			t := unix.NsecToTimeval(int64(escapeMost))
			timeout = &t
		}
	}
	n, err := unix.Select(max(k.tty, k.wakeR)+1, &readable, nil, nil, timeout)
	switch {
	case err != nil: // interrupted by a signal; a descriptor that is gone ends the read
		return tty && err != unix.EINTR
	case n == 0:
		k.decoder.timeout()
		return false
	}
	if readable.IsSet(k.wakeR) {
		var drop [64]byte
		for {
			if n, err := unix.Read(k.wakeR, drop[:]); n < len(drop) || err != nil {
				break
			}
		}
		return false
	}
	return tty
}
