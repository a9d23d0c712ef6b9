package fastdaemon

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/chancat/channel/internal/child"
)

const maxOutput = 16 << 20 // bytes, of stdout and of stderr

// Command returns a Handler that runs the program name with args and the
// arguments of the client behind them, without a shell. Stdin, stdout and stderr
// are the client's; the exit status has no place in a reply. A program that
// prints more than 16 MiB is ended, and one still running when the context ends
// is, too.
func Command(name string, args ...string) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		cmd := exec.CommandContext(ctx, name, append(args[:len(args):len(args)], r.Args...)...)
		stdout, stderr := child.NewBuffer(cmd, maxOutput), child.NewBuffer(cmd, maxOutput)
		cmd.Stdout, cmd.Stderr = stdout, stderr
		err := child.Run(cmd, r.Stdin)
		reply := Reply{stdout.Bytes(), stderr.Bytes()}
		switch {
		case stdout.Over() || stderr.Over():
			reply.Stderr = fmt.Appendf(reply.Stderr, "%s was ended: it printed more than %d bytes\n", name, maxOutput)
		case cmd.ProcessState == nil:
			reply.Stderr = fmt.Appendln(reply.Stderr, err)
		}
		return reply, nil
	}
}
