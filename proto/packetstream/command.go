package packetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Command returns a Handler that runs the program name with args for each request,
// without a shell. The payload is its stdin, and its stdout the payload of the
// reply; another status than 0 is an error, and so a rejection. Its environment
// tells the rest of the request: PACKETSTREAM_TYPE, PACKETSTREAM_FLAGS and
// PACKETSTREAM_CHANNEL, in decimal. Its stderr goes to stderr. A program that
// prints more than 64 MiB, or still runs when the context ends, is ended.
func Command(stderr io.Writer, name string, args ...string) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		cmd := exec.CommandContext(ctx, name, args...)
		stdout := &output{left: defaultMaxPacket, over: cancel}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(r.Payload), stdout, stderr
		cmd.Env = append(os.Environ(),
			fmt.Sprint("PACKETSTREAM_TYPE=", r.Type), fmt.Sprint("PACKETSTREAM_FLAGS=", r.Flags),
			fmt.Sprint("PACKETSTREAM_CHANNEL=", r.Channel))
		cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
		err := cmd.Run()
		switch {
		case stdout.left < 0:
			return Reply{}, fmt.Errorf("%s was ended: it printed more than %d bytes", name, defaultMaxPacket)
		case err != nil && !errors.Is(err, exec.ErrWaitDelay): // that one has ended; what it started has not
			return Reply{}, fmt.Errorf("%s: %w", name, err)
		}
		return Reply{Payload: stdout.kept.Bytes()}, nil
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
	if o.left -= len(p); o.left < 0 {
		o.over()
		return len(p), nil
	}
	return o.kept.Write(p)
}
