//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// A command goes into the background by running itself again, in a session of its
// own. The second process knows that by backgroundEnv, the descriptor of a pipe
// to the first, which is its stderr until it serves.
const (
	backgroundEnv = "CHANCAT_BACKGROUND"
	serving       = "listening on "
)

// starter is the pipe; the variable does not go on to children.
var starter = sync.OnceValue(func() *os.File {
	fd, err := strconv.Atoi(os.Getenv(backgroundEnv))
	os.Unsetenv(backgroundEnv)
	if err != nil || fd < 3 {
		return nil
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "starter")
})

// inBackground reports whether this is the second process; then messages go to
// the first.
func inBackground(e *env) bool {
	if starter() == nil {
		return false
	}
	e.stderr = starter()
	return true
}

// startInBackground runs this command line in the background, and returns when it
// serves or has failed.
func startInBackground(ctx context.Context, e *env) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ours.Close()
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), backgroundEnv+"=3")
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return err
	}
	serves := false
	err = interruptible(ctx, func() error {
		for lines := bufio.NewReader(ours); ; {
			line, err := lines.ReadString('\n')
			serves = serves || strings.HasPrefix(line, serving)
			io.WriteString(e.stderr, line)
			if err != nil { // it has closed the pipe, or ended
				return nil
			}
		}
	})
	switch {
	case err != nil:
		cmd.Process.Signal(syscall.SIGTERM)
		return err
	case serves:
		return cmd.Process.Release()
	}
	return childStatus(cmd.Wait())
}

// childStatus makes our exit code that of the process in the background, which
// has said why it failed.
func childStatus(err error) error {
	if failed := as[*exec.ExitError](err); failed != nil {
		return &toldError{&codedError{failed.ExitCode(), err}}
	}
	if err == nil {
		err = errors.New("the process in the background ended at once")
	}
	return err
}

// detach lets go of the process that started this one: it returns now.
func detach(e *env) {
	if starter() != nil {
		e.stderr = os.Stderr
		starter().Close()
	}
}
