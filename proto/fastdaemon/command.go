package fastdaemon

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

const maxOutput = 16 << 20 // bytes, of stdout and of stderr

// Command returns a Handler that runs the program name with args and the
// arguments of the client behind them, without a shell. Stdin, stdout and stderr
// are the client's; the exit status has no place in a reply. A program that
// prints more than 16 MiB is ended, and one still running when the context ends
// is, too.
func Command(name string, args ...string) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		cmd := exec.CommandContext(ctx, name, append(args[:len(args):len(args)], r.Args...)...)
		stdout := &output{left: maxOutput, over: cancel}
		stderr := &output{left: maxOutput, over: cancel}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(r.Stdin), stdout, stderr
		cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
		err := cmd.Run()
		switch {
		case stdout.left < 0 || stderr.left < 0:
			fmt.Fprintf(&stderr.kept, "%s was ended: it printed more than %d bytes\n", name, maxOutput)
		case cmd.ProcessState == nil:
			fmt.Fprintln(stderr, err)
		}
		return Reply{stdout.kept.Bytes(), stderr.kept.Bytes()}, nil
	}
}

// output keeps what is written to it, up to left bytes; then it calls over, and
// left is negative.
type output struct {
	kept bytes.Buffer // not embedded: its ReadFrom would go round Write
	left int
	over func()
}

func (o *output) Write(p []byte) (int, error) {
	o.kept.Write(p[:min(len(p), max(o.left, 0))])
	if o.left -= len(p); o.left < 0 {
		o.left = -1
		o.over()
	}
	return len(p), nil
}
