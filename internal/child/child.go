// Package child runs the programs that answer messages: the message is their stdin,
// what they print is the answer. What they print is bounded, and so is how long
// something that they have started may hold their output open. What ends them ends
// all that they have started.
package child

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// waitDelay is how long the pipes of a program that has ended stay open for what it
// has started.
const waitDelay = time.Second

// ErrTooMuch is a program that was ended because it printed more than it may.
var ErrTooMuch = errors.New("it printed too much")

// Run runs cmd with stdin, which is borrowed, as its input. The error is that of
// [exec.Cmd.Run], but for a program that has ended and left others behind: that is
// none.
func Run(cmd *exec.Cmd, stdin []byte) error {
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = waitDelay
	if err := Start(cmd); err != nil {
		return err
	}
	if err := Wait(cmd); !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	return nil
}

// Output is Run, and returns what cmd has printed on stdout; an [*exec.ExitError]
// stands beside it. A program that prints more than limit bytes is ended, and the
// error wraps [ErrTooMuch].
func Output(cmd *exec.Cmd, stdin []byte, limit int) (stdout []byte, err error) {
	out := NewBuffer(cmd, limit)
	cmd.Stdout = out
	err = Run(cmd, stdin)
	if out.Over() {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooMuch, limit)
	}
	return out.Bytes(), err
}

// A Buffer keeps what a program prints. It is not safe for concurrent use: stdout
// and stderr want one each.
type Buffer struct {
	kept bytes.Buffer // not embedded: its ReadFrom would go round Write
	left int
	cmd  *exec.Cmd
}

// NewBuffer returns a Buffer of at most limit bytes for what cmd prints. When it
// prints more, cmd is killed.
func NewBuffer(cmd *exec.Cmd, limit int) *Buffer { return &Buffer{left: limit, cmd: cmd} }

// Write keeps what there is room for. It never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.kept.Write(p[:min(len(p), max(b.left, 0))])
	if b.left >= 0 && len(p) > b.left {
		b.left = -1
		Signal(b.cmd.Process, syscall.SIGKILL) // where it has ended already, that is as well
	} else if b.left >= 0 {
		b.left -= len(p)
	}
	return len(p), nil
}

// Bytes returns what was kept, for the caller to own.
func (b *Buffer) Bytes() []byte { return b.kept.Bytes() }

// Over reports whether more was printed than is kept.
func (b *Buffer) Over() bool { return b.left < 0 }
