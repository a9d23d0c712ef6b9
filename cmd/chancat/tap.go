package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/tap"
	"github.com/chancat/channel/session"
)

// tapConnsDefault bounds the connections that are passed on at once; more wait.
const tapConnsDefault = 16384

type tapCommand struct {
	e         *env
	transport transportFlags
	out       tapOutput
	portFile  string
	once      bool
	maxConns  int
	faults    []string
	seed      uint64
	backlog   string

	framing framing.Framing
	options tap.Options // of every connection
}

func newTap(e *env) *cobra.Command {
	c := &tapCommand{e: e}
	cmd := &cobra.Command{
		Use:   "tap [flags] LISTEN TARGET | tap [flags] -- CMD ARGS",
		Short: "stand between two peers, or around a program, and show messages",
		Long: `Listen on LISTEN and pass every connection on to TARGET, or run CMD and stand on
its stdin and stdout. Bytes are forwarded first and unchanged; beside, each
message is shown with its direction, size, reads and the latency of its answer.
A broken frame is explained and disturbs nothing.

Around a program, stdout has that program's bytes only, as its user expects: see
messages in a file with -o or --record, or with -v on stderr.

A fault spoils messages on purpose: [c2s:|s2c:]WHICH:WHAT with WHICH one of
msg=N, every=N, match=TEXT, rate=P% and WHAT one of truncate=N, drop, dup,
corrupt, length+N, delay=TIME, split, reset.`,
		Example: `  chancat tap -f resp 7000 localhost:6379
  chancat tap -f lsp -o /tmp/gopls.log -- gopls
  chancat tap -f u32be --record s.ndjson 7000 unix:/run/app.sock
  chancat tap --fault msg=3:truncate=5 --fault s2c:rate=1%:delay=2s 7000 5000`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return e.completePeer(cmd, nil, typed)
			}
			return completeListen(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.prepare(); err != nil {
				return err
			}
			switch dash := cmd.ArgsLenAtDash(); {
			case dash == 0 && len(args) > 0:
				return c.wrap(cmd.Context(), args)
			case dash >= 0:
				return usage(fmt.Errorf("want LISTEN TARGET, or -- CMD ARGS; see '%s --help'", cmd.CommandPath()))
			}
			if err := exactArgs("LISTEN", "TARGET")(cmd, args); err != nil {
				return err
			}
			return c.between(cmd.Context(), args[0], args[1])
		},
	}
	c.transport.addDial(cmd)
	c.out.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&c.portFile, "port-file", "", "write the port to `FILE` once clients can connect")
	flags.BoolVar(&c.once, "once", false, "pass on one connection and end")
	flags.IntVar(&c.maxConns, "max-conns", tapConnsDefault, "pass on at most `N` connections at once")
	flags.StringArrayVar(&c.faults, "fault", nil, "spoil messages by the `RULE`, such as msg=3:drop; may be repeated")
	flags.Uint64Var(&c.seed, "seed", 1, "the `SEED` of what the faults leave to chance")
	flags.StringVar(&c.backlog, "backlog", "64MiB", "keep at most `SIZE` of what is forwarded and not decoded yet; what is more is passed over, and told")
	cmd.RegisterFlagCompletionFunc("fault", completeFault)
	return cmd
}

// prepare reads the flags.
func (c *tapCommand) prepare() (err error) {
	if c.e.auto() {
		c.options.Auto, c.framing.Spelling = true, autoSpelling // each connection decides by itself
	} else {
		c.framing, err = c.e.parseFraming()
	}
	if err != nil {
		return err
	}
	if c.maxConns < 1 {
		return usage(fmt.Errorf("--max-conns %d: want at least 1", c.maxConns))
	}
	backlog, err := framing.ParseSize(c.backlog)
	if err != nil || backlog < 1 {
		return usage(fmt.Errorf("--backlog %s: want a size such as 512K or 64MiB", c.backlog))
	}
	c.options.Framing, c.options.Seed, c.options.Budget = c.framing, c.seed, tap.NewBudget(int64(backlog))
	for _, text := range c.faults {
		r, err := mutate.ParseRule(text)
		if err == nil {
			err = c.fits(r)
		}
		if err != nil {
			return usage(fmt.Errorf("--%w", err))
		}
		c.options.Rules = append(c.options.Rules, r)
	}
	return nil
}

// fits returns an error for a rule that no message of the framing can suffer.
func (c *tapCommand) fits(r mutate.Rule) error {
	if c.options.Auto {
		return fmt.Errorf("fault %q: faults need a framing, not auto", r)
	}
	client, server := r.Fits(c.framing.C2S.Codec), r.Fits(c.framing.S2C.Codec)
	switch {
	case r.Way() != mutate.S2C && client == nil, r.Way() != mutate.C2S && server == nil:
		return nil
	case client != nil:
		return client
	}
	return server
}

// between passes connections on from one address to another.
func (c *tapCommand) between(ctx context.Context, listen, target string) error {
	listening, err := c.transport.options(c.e, listen, c.framing.C2S.Max)
	if err != nil {
		return err
	}
	dialing, err := c.transport.options(c.e, target, c.framing.S2C.Max)
	if err != nil {
		return err
	}
	stdio := usesStdio(listen) || usesStdio(target)
	if usesStdio(listen) && usesStdio(target) {
		return usage(errors.New("stdio: cannot be both ends"))
	}
	if err := c.cuttable(listen, mutate.S2C); err != nil {
		return err
	}
	if err := c.cuttable(target, mutate.C2S); err != nil {
		return err
	}
	for _, address := range []string{listen, target} {
		if c.options.Auto && (isWebSocket(address) || isUDP(address)) {
			return usage(fmt.Errorf("-f auto decides from a stream of bytes, and %s has only whole messages; give the framing", address))
		}
	}
	if err := c.out.open(c.e, c.framing.Spelling, stdio); err != nil {
		return err
	}
	c.options.Stdin = stdio
	return c.out.closeAfter(c.serve(ctx, listen, target, listening, dialing))
}

// cuttable refuses rules about pieces of a frame where address takes only whole
// messages.
func (c *tapCommand) cuttable(address string, way mutate.Way) error {
	if !isWebSocket(address) {
		return nil
	}
	for _, r := range c.options.Rules {
		if r.Cuts() && r.Way() == way {
			return usage(fmt.Errorf("--fault %q is about a stream of bytes, and %s has only whole messages", r, address))
		}
	}
	return nil
}

func (c *tapCommand) serve(ctx context.Context, listen, target string, listening, dialing *endpoint.Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.out.failed = cancel
	l, err := endpoint.Listen(ctx, listen, listening)
	if err != nil {
		return err
	}
	defer l.Close()
	if !usesStdio(listen) {
		if err := announce(c.e, l, c.portFile); err != nil {
			return err
		}
	}
	if c.once {
		client, err := acceptOne(ctx, l)
		if err == nil {
			err = c.connection(ctx, client, target, dialing, 1)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return acceptEach(ctx, c.e, l, c.maxConns, func(client *endpoint.Conn, number int) {
		if err := c.connection(ctx, client, target, dialing, number); err != nil && ctx.Err() == nil && as[*toldError](err) == nil {
			c.e.tell(err)
		}
	})
}

// connection passes one connection on.
func (c *tapCommand) connection(ctx context.Context, client *endpoint.Conn, target string, dialing *endpoint.Options, number int) error {
	server, err := dial(ctx, target, dialing, time.Duration(c.transport.waitUp))
	if err != nil {
		client.Close()
		return fmt.Errorf("connection %d is closed: %w", number, err)
	}
	o := c.options
	o.Number = number
	o.Observe, o.Reads, o.Idle = c.out.observe, c.out.record != "", c.out.idle
	result := tap.Run(ctx, client, server, o)
	c.e.note("connection %d: %s", number, account(result))
	if child := as[*endpoint.ExitError](server.Wait()); child != nil && !child.Stopped {
		c.e.warn(child)
	}
	if result.Broken {
		return &toldError{&codedError{exitBroken, errors.New("broken frames")}}
	}
	return nil
}

// account says how a connection went.
func account(r tap.Result) string {
	text := ""
	for i, s := range []tap.Side{r.Client, r.Server} {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("%d bytes from the %s", s.Read, []session.Side{session.Client, session.Server}[i])
		if s.Read != s.Written {
			text += fmt.Sprintf(", %d passed on", s.Written)
		}
		if s.Lost > 0 {
			text += fmt.Sprintf(", %d not decoded", s.Lost)
		}
		if s.Err != nil {
			text += ": " + s.Err.Error()
		}
	}
	return text
}
