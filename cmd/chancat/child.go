package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/chancat/channel/frame"
)

// childOutput runs a command that is given stdin, and returns what it printed, at
// most limit bytes. A status other than 0 is an *exec.ExitError, beside the output;
// more than limit is frame.ErrTooLarge.
func childOutput(cmd *exec.Cmd, stdin []byte, limit int) ([]byte, error) {
	out := &limitedBuffer{limit: limit}
	cmd.Stdin, cmd.Stdout = bytes.NewReader(stdin), out
	cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
	err := cmd.Run()
	switch {
	case out.over:
		return nil, fmt.Errorf("%w: a reply of more than %d bytes", frame.ErrTooLarge, limit)
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil // it has ended; what it started has not
	}
	return out.kept.Bytes(), err
}

// limitedBuffer fails a write that would make it larger than limit.
type limitedBuffer struct {
	kept  bytes.Buffer // not embedded: its ReadFrom would go round Write
	limit int          // bytes
	over  bool
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.kept.Len()+len(p) > b.limit {
		b.over = true
		return 0, frame.ErrTooLarge
	}
	return b.kept.Write(p)
}
