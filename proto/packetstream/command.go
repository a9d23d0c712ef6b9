package packetstream

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/chancat/channel/internal/child"
)

// Command returns a Handler that runs the program name with args for each request,
// without a shell. The payload is its stdin, and its stdout the payload of the
// reply; another status than 0 is an error, and so a rejection. Its environment
// tells the rest of the request: PACKETSTREAM_TYPE, PACKETSTREAM_FLAGS and
// PACKETSTREAM_CHANNEL, in decimal. Its stderr goes to stderr. A program that
// prints more than 64 MiB, or still runs when the context ends, is ended.
func Command(stderr io.Writer, name string, args ...string) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Stderr = stderr
		cmd.Env = append(os.Environ(),
			fmt.Sprint("PACKETSTREAM_TYPE=", r.Type), fmt.Sprint("PACKETSTREAM_FLAGS=", r.Flags),
			fmt.Sprint("PACKETSTREAM_CHANNEL=", r.Channel))
		payload, err := child.Output(cmd, r.Payload, defaultMaxPacket)
		if err != nil {
			return Reply{}, fmt.Errorf("%s: %w", name, err)
		}
		return Reply{Payload: payload}, nil
	}
}
