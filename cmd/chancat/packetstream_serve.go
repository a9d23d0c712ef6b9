package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/proto/packetstream"
)

type packetstreamServe struct {
	e        *env
	server   packetstream.Server
	channels []uint
	portFile string
	limit    seconds
}

func newPacketstreamServe(e *env) *cobra.Command {
	c := &packetstreamServe{e: e}
	cmd := &cobra.Command{
		Use:   "serve [flags] ADDR -- CMD [ARG...]",
		Short: "run CMD for each request, its output is the reply",
		Long: `Run CMD for each request, directly and without a shell. The payload is its
stdin, its stdout the payload of the reply; another exit status than 0 is the
rejection "exception during handler". Its environment has PACKETSTREAM_TYPE,
PACKETSTREAM_FLAGS and PACKETSTREAM_CHANNEL. As with the Python program,
requests on channels other than 0 are rejected, unless they are asked for.

ADDR is a TCP or Unix address, or '-' for one client on stdin and stdout.`,
		Example: `  chancat packetstream serve 5000 -- tr a-z A-Z
  chancat packetstream serve --channel 3 unix:/tmp/socket -- ./answer`,
		Args:              addressAndCommand,
		ValidArgsFunction: completePlain,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.portFile, "port-file", "", "write the port to `FILE` once clients can connect")
	flags.IntVar(&c.server.Workers, "workers", 0, "run CMD at most `N` times at once (default 4 for each CPU)")
	flags.IntVar(&c.server.MaxConns, "max-conns", 0, "serve at most `N` clients at once, more wait (default 256)")
	flags.UintSliceVar(&c.channels, "channel", nil, "answer on channel `N` too; may be repeated")
	flags.VarP(&c.limit, "wait", "w", "end a CMD that runs for longer than this (default: never)")
	return cmd
}

func (c *packetstreamServe) run(ctx context.Context, address string, command []string) error {
	switch {
	case c.server.Workers < 0:
		return usage(fmt.Errorf("--workers %d: want at least 1", c.server.Workers))
	case c.server.MaxConns < 0:
		return usage(fmt.Errorf("--max-conns %d: want at least 1", c.server.MaxConns))
	}
	c.server.Workers = cmp.Or(c.server.Workers, 4*runtime.GOMAXPROCS(0))
	h := c.bounded(packetstream.Command(c.e.stderr, command[0], command[1:]...))
	c.server.Handler = h
	c.server.Channels = map[uint64]packetstream.Handler{}
	for _, channel := range c.channels {
		c.server.Channels[uint64(channel)] = h
	}
	c.server.Logger = c.e.logger()
	if usesStdio(address) {
		conn, err := endpoint.Dial(ctx, address, &endpoint.Options{Stdin: c.e.stdin, Stdout: c.e.stdout})
		if err != nil {
			return err
		}
		return c.server.ServeConn(ctx, conn.Stream)
	}
	l, err := listenPlain(ctx, c.e, address, c.portFile)
	if err != nil {
		return err
	}
	return c.server.Serve(ctx, l)
}

// bounded is h, not more than --workers times at once for all clients together, and
// with the time limit of -w.
func (c *packetstreamServe) bounded(h packetstream.Handler) packetstream.Handler {
	slots := make(chan struct{}, c.server.Workers)
	return func(ctx context.Context, r packetstream.Request) (packetstream.Reply, error) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return packetstream.Reply{}, context.Cause(ctx)
		}
		defer func() { <-slots }()
		if c.limit > 0 {
			var cancel func()
			ctx, cancel = context.WithTimeout(ctx, time.Duration(c.limit))
			defer cancel()
		}
		return h(ctx, r)
	}
}
