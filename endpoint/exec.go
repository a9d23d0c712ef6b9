package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	programs "github.com/chancat/channel/internal/child"
	"github.com/chancat/channel/internal/socket"
)

var execScheme = scheme{
	prefix:  "exec:",
	form:    "exec:COMMAND ARGS",
	meaning: "a child's stdin and stdout; words as in a shell, which is not run",
	dial:    dialExec,
}

// exitWait is how long Close waits for a child at each step: after the end of its
// input, and after SIGTERM.
const exitWait = time.Second

// An ExitError is a child that did not succeed.
type ExitError struct {
	Command string
	Status  int    // 128 plus its number for a signal, as shells count
	Signal  string // what ended it, such as "killed"; empty if it exited
	Stopped bool   // Close had to end it, so that the rest says little about it
}

func (e *ExitError) Error() string {
	if e.Signal != "" {
		return fmt.Sprintf("%q was ended by a signal: %s", e.Command, e.Signal)
	}
	return fmt.Sprintf("%q exited with status %d", e.Command, e.Status)
}

func dialExec(_ context.Context, address string, o *Options) (*Conn, error) {
	command := strings.TrimPrefix(address, "exec:")
	words, err := splitWords(command)
	if err != nil {
		return nil, &socket.AddressError{Address: address, Reason: err.Error()}
	}
	if len(words) == 0 || words[0] == "" {
		return nil, &socket.AddressError{Address: address, Reason: "no command", Hint: "write exec:COMMAND ARGS"}
	}
	return Exec(words, o)
}

// Exec starts the program words[0] with the arguments that follow it. It is what
// Dial does with an exec address whose words are known.
func Exec(words []string, o *Options) (*Conn, error) {
	command := strings.Join(words, " ")
	c, err := start(words, o.orDefault())
	if err != nil {
		return nil, &socket.Error{Op: "dial", Address: "exec:" + command, Hint: startHint(err), Err: err}
	}
	return &Conn{Stream: c, Remote: command, wait: c.exit, ended: c.ended, signal: c.signal}, nil
}

func startHint(err error) string {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "give its path, or install it"
	case errors.Is(err, fs.ErrPermission):
		return "the file is not executable"
	}
	return ""
}

// A child is a process whose stdin and stdout are a stream.
type child struct {
	cmd    *exec.Cmd
	stdin  *os.File // our end
	stdout *os.File // our end

	ended    chan struct{} // closed when the process has been waited for
	err      error         // of Wait; set before ended is closed
	closed   atomic.Bool
	stopped  atomic.Bool // by Close
	stopping sync.Once
}

func start(words []string, o *Options) (*child, error) {
	c := &child{cmd: exec.Command(words[0], words[1:]...), ended: make(chan struct{})}
	theirIn, stdin, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdout, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		stdin.Close()
		return nil, err
	}
	c.stdin, c.stdout = stdin, stdout
	// Files are handed over as they are; for other readers and writers os/exec
	// would copy every byte once more.
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = theirIn, theirOut, o.Stderr
	if o.Stderr == nil {
		c.cmd.Stderr = os.Stderr
	}
	c.cmd.WaitDelay = exitWait // for a stderr that a grandchild keeps open
	err = programs.Start(c.cmd)
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		stdin.Close()
		stdout.Close()
		return nil, err
	}
	go func() { // ends with the process, and Close sees to that
		c.err = programs.Wait(c.cmd)
		close(c.ended)
	}()
	return c, nil
}

// signal sends s to the child and what it has started.
func (c *child) signal(s syscall.Signal) { programs.Signal(c.cmd.Process, s) }

func (c *child) Read(p []byte) (int, error) {
	n, err := c.stdout.Read(p)
	if err == io.EOF && c.closed.Load() {
		err = os.ErrClosed // the child has ended because its input did
	}
	return n, err
}

func (c *child) Write(p []byte) (int, error) { return c.stdin.Write(p) }

// CloseWrite closes the child's stdin.
func (c *child) CloseWrite() error {
	if err := c.stdin.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Close closes both pipes and sees that the child ends: by itself, which most do
// at the end of their input, else by SIGTERM, else by SIGKILL, each of which goes
// to its whole process group.
func (c *child) Close() error {
	c.closed.Store(true)
	c.stdin.Close()
	c.stdout.Close()
	c.stopping.Do(func() {
		if !c.endsWithin(exitWait) {
			c.stopped.Store(true)
			programs.Signal(c.cmd.Process, syscall.SIGTERM)
			if !c.endsWithin(exitWait) {
				programs.Signal(c.cmd.Process, syscall.SIGKILL)
			}
		}
		<-c.ended
	})
	return nil
}

func (c *child) endsWithin(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.ended:
		return true
	case <-t.C:
		return false
	}
}

// exit waits for the child and returns an error unless it succeeded.
func (c *child) exit() error {
	<-c.ended
	var failed *exec.ExitError
	switch {
	case c.err == nil, errors.Is(c.err, exec.ErrWaitDelay):
		return nil
	case !errors.As(c.err, &failed):
		return c.err
	}
	e := &ExitError{Command: strings.Join(c.cmd.Args, " "), Status: failed.ExitCode(), Stopped: c.stopped.Load()}
	if number, name, ok := signalOf(failed.ProcessState); ok {
		if c.closed.Load() && isBrokenPipe(number) {
			return nil // it was still writing when we had read enough
		}
		e.Status, e.Signal = 128+number, name
	}
	return e
}
