package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/proto/fastdaemon"
)

func newFastdaemon(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fastdaemon serve|call",
		Short: "hand a command line to a program that already runs",
		Long: `Speak the protocol of the Python package fastdaemon: a client sends its stdin
and arguments, the server answers with stdout and stderr.

There is no authentication: whoever can connect runs the command. The Python
program sends lengths that count characters; --chars reads them.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newFastdaemonServe(e), newFastdaemonCall(e))
	return cmd
}

type fastdaemonServe struct {
	e        *env
	server   fastdaemon.Server
	dgram    bool
	portFile string
	limit    seconds
}

func newFastdaemonServe(e *env) *cobra.Command {
	c := &fastdaemonServe{e: e}
	cmd := &cobra.Command{
		Use:   "serve [flags] ADDR -- CMD [ARG...]",
		Short: "run CMD for each client, with its arguments and stdin",
		Long: `Run CMD for each client, directly and without a shell, with the ARGs given here
and then those of the client. Its stdout and stderr are the reply; its exit
status is lost, because the protocol has no place for it.`,
		Example: `  chancat fastdaemon serve 5000 -- sort
  chancat fastdaemon serve --chars unix:/tmp/daemon -- ./tool --quiet`,
		Args:              addressAndCommand,
		ValidArgsFunction: completePlain,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&c.server.Chars, "chars", false, "lengths in requests count characters, as the Python client's do")
	flags.BoolVar(&c.dgram, "dgram", false, "datagrams, one record in each: UDP or a Unix datagram socket")
	flags.StringVar(&c.portFile, "port-file", "", "write the port to `FILE` once clients can connect")
	flags.IntVar(&c.server.Workers, "workers", 0, "run CMD at most `N` times at once (default 4 for each CPU)")
	flags.VarP(&c.limit, "wait", "w", "end a CMD that runs for longer than this (default: never)")
	return cmd
}

func (c *fastdaemonServe) run(ctx context.Context, address string, command []string) error {
	if c.server.Workers < 0 {
		return usage(fmt.Errorf("--workers %d: want at least 1", c.server.Workers))
	}
	c.server.Handler = c.within(fastdaemon.Command(command[0], command[1:]...))
	c.server.Logger = c.e.logger()
	if c.dgram {
		pc, err := fastdaemon.ListenPacket(ctx, address)
		if err != nil {
			return err
		}
		if err := announceSocket(c.e, pc.LocalAddr(), "udp", c.portFile); err != nil {
			pc.Close()
			return err
		}
		return c.server.ServePacket(ctx, pc)
	}
	l, err := listenPlain(ctx, c.e, address, c.portFile)
	if err != nil {
		return err
	}
	return c.server.Serve(ctx, l)
}

// within is h with the time limit of -w.
func (c *fastdaemonServe) within(h fastdaemon.Handler) fastdaemon.Handler {
	if c.limit == 0 {
		return h
	}
	return func(ctx context.Context, r fastdaemon.Request) (fastdaemon.Reply, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(c.limit))
		defer cancel()
		return h(ctx, r)
	}
}

type fastdaemonCall struct {
	e      *env
	client fastdaemon.Client
	wait   seconds
	waitUp seconds
}

func newFastdaemonCall(e *env) *cobra.Command {
	c := &fastdaemonCall{e: e}
	cmd := &cobra.Command{
		Use:   "call [flags] ADDR [-- ARG...]",
		Short: "send stdin and arguments to a server, print what it answers",
		Long: `Send stdin, unless it is a terminal, and the ARGs to a server. What it answers
is printed on stdout and stderr. The protocol joins the ARGs by blanks: one that
has a blank in it arrives as several.`,
		Example: `  sort_me | chancat fastdaemon call 5000 -- -r
  chancat fastdaemon call --chars localhost:9998 -- lint main.py < main.py`,
		Args: func(cmd *cobra.Command, args []string) error {
			return exactArgs("ADDR")(cmd, args[:min(len(args), 1)])
		},
		ValidArgsFunction: completePlain,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&c.client.Chars, "chars", false, "lengths in the reply count characters, as the Python server's do")
	flags.BoolVar(&c.client.Dgram, "dgram", false, "datagrams, one record in each: UDP or a Unix datagram socket")
	flags.VarP(&c.wait, "wait", "w", "wait this long for the reply (default: for ever, with --dgram 10s)")
	flags.Var(&c.waitUp, "wait-up", "dial again for this long while nothing listens")
	return cmd
}

const datagramWait = 10 * time.Second

func (c *fastdaemonCall) run(ctx context.Context, address string, args []string) error {
	for _, arg := range args {
		if strings.Contains(arg, " ") {
			c.e.note("the argument %q has a blank in it, and will arrive as several", arg)
		}
	}
	var stdin []byte
	if !term.Is(c.e.stdin) {
		err := interruptible(ctx, func() (err error) {
			stdin, err = io.ReadAll(c.e.stdin)
			return err
		})
		if err != nil {
			return err
		}
	}
	limit := time.Duration(c.wait)
	if limit == 0 && c.client.Dgram {
		limit = datagramWait
	}
	var reply fastdaemon.Reply
	err := whileDown(ctx, time.Duration(c.waitUp), nothingListens, func() (err error) {
		ctx := ctx
		if limit > 0 {
			var cancel func()
			ctx, cancel = context.WithTimeoutCause(ctx, limit, errTimeout)
			defer cancel()
		}
		reply, err = c.client.Transfer(ctx, address, stdin, args)
		return err
	})
	if errors.Is(err, errTimeout) {
		return c.late(address, limit)
	}
	if err != nil {
		return c.explain(err)
	}
	_, outErr := c.e.stdout.Write(reply.Stdout)
	_, errErr := c.e.stderr.Write(reply.Stderr)
	return cmp.Or(outErr, errErr)
}

// late is the error for a reply that did not come in time.
func (c *fastdaemonCall) late(address string, limit time.Duration) error {
	hint := "a longer -w waits on"
	if c.client.Chars {
		hint = "a server that counts bytes, such as chancat, is called without --chars"
	}
	return fmt.Errorf("%s: %w: no whole reply came within %v; %s", address, errTimeout, limit, hint)
}

// explain adds what is likely wrong with a reply that cannot be read.
func (c *fastdaemonCall) explain(err error) error {
	switch {
	case errors.Is(err, fastdaemon.ErrNoReply):
		return &codedError{exitClosed, fmt.Errorf("%w; it may have failed to read the request", err)}
	case as[*frame.Error](err) == nil:
		return err
	case c.client.Chars:
		return fmt.Errorf("%w; a server that counts bytes, such as chancat, is called without --chars", err)
	}
	return fmt.Errorf("%w; the Python server counts characters, which --chars reads", err)
}
