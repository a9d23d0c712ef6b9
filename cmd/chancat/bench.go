package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/bench"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/internal/text/escape"
)

type benchCommand struct {
	e         *env
	transport transportFlags
	escapes   bool
	size      int
	conns     int
	depth     int
	count     int64
	duration  seconds
	rate      float64
	replies   int
	patience  seconds
	json      bool
	plot      string
	failIf    []string

	framing framing.Framing
	address string
	message []byte
	limits  []bench.Limit

	changed func(flag string) bool // it was given
}

// benchDuration is how long a run takes where nothing says when it ends.
const benchDuration = 10 * time.Second

func newBench(e *env) *cobra.Command {
	c := &benchCommand{e: e}
	cmd := &cobra.Command{
		Use:   "bench [flags] ADDR [MSG]",
		Short: "measure how fast a peer answers messages",
		Long: `Send MSG again and again to the peer at ADDR, and measure how long each answer
takes. In a closed loop each of -c connections keeps -p messages unanswered.
With --rate the loop is open: messages are due at fixed times over all
connections, and latency counts from then, whether or not the message could be
sent; from the actual sending it stands beside that as uncorrected, which hides
what a peer that stalls does to those who wait. For open loops set -c and -p so
that the rate can be kept.

Figures for --fail-if are p50, p99.9 and the like, max, mean (times) and rate
(answers a second).`,
		Example: `  chancat bench echo: hello
  chancat bench -c 8 -p 16 -d 5s localhost:5000 ping
  chancat bench --rate 2000 -c 4 --fail-if 'p99>5ms' localhost:5000 ping
  chancat bench --rate 2000 -d 1m --plot latency.svg localhost:5000 ping
  chancat bench -f resp -n 100000 -p 32 localhost:6379 'GET key'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exactArgs("ADDR", "MSG")(cmd, args)
			}
			return exactArgs("ADDR")(cmd, args)
		},
		ValidArgsFunction: e.completePeer,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.changed = cmd.Flags().Changed
	c.transport.addDial(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&c.escapes, "escapes", "e", false, `MSG has escapes: \n \r \t \0 \\ \xNN \u{...}`)
	flags.IntVar(&c.size, "size", 0, "instead of MSG: a message of `BYTES`")
	flags.IntVarP(&c.conns, "connections", "c", 1, "`N` connections at once")
	flags.IntVarP(&c.depth, "in-flight", "p", 1, "`N` messages that each connection may leave unanswered")
	flags.Int64VarP(&c.count, "count", "n", 0, "`N` messages in all")
	flags.VarP(&c.duration, "duration", "d", "how long messages are sent (default 10s, without -n)")
	flags.Float64Var(&c.rate, "rate", 0, "send `N` messages a second in all, whether or not they are answered")
	flags.IntVarP(&c.replies, "replies", "r", 1, "`N` messages that answer each; 0 for a peer that does not answer")
	flags.VarP(&c.patience, "wait", "w", "give up when nothing came, or with -r 0 was read, for this long (default 10s)")
	flags.BoolVar(&c.json, "json", false, "print the result as one line of JSON")
	flags.StringVar(&c.plot, "plot", "", "draw latencies and throughput as SVG in `FILE`")
	flags.StringArrayVar(&c.failIf, "fail-if", nil, "exit 1 if this `CONDITION` holds, such as 'p99>5ms' or 'rate<1000'")
	cmd.MarkFlagsMutuallyExclusive("size", "escapes")
	return cmd
}

func (c *benchCommand) run(ctx context.Context, args []string) (err error) {
	if err := c.prepare(args); err != nil {
		return err
	}
	o := bench.Options{
		Dial: c.dial, Message: c.message, Conns: c.conns, Depth: c.depth, Replies: c.replies,
		Count: c.count, Duration: time.Duration(c.duration), Rate: c.rate, Patience: time.Duration(c.patience),
	}
	if term.Is(c.e.stderr) {
		o.Progress = c.progress
	}
	r, err := bench.Run(ctx, o)
	if o.Progress != nil {
		fmt.Fprint(c.e.stderr, "\r\x1b[K")
	}
	if r.Latency == nil { // it has not begun
		return err
	}
	if err := c.report(r, err); err != nil {
		return &outputError{err}
	}
	if c.plot != "" {
		if err := c.draw(r); err != nil {
			return err
		}
	}
	if err != nil {
		return c.located(ctx, err)
	}
	return c.judge(r)
}

// prepare judges the flags and makes the message.
func (c *benchCommand) prepare(args []string) (err error) {
	if c.framing, err = c.e.parseFraming(); err != nil {
		return err
	}
	c.address = args[0]
	if usesStdio(c.address) {
		return usage(errors.New("stdio: is the stream of this program, and no peer to measure"))
	}
	for _, f := range []struct {
		flag        string
		value, most int
	}{{"-c", c.conns, bench.MaxConns}, {"-p", c.depth, bench.MaxDepth}} {
		if f.value < 1 || f.value > f.most {
			return usage(fmt.Errorf("%s %d: want 1 to %d", f.flag, f.value, f.most))
		}
	}
	switch {
	case c.count < 0 || c.count > bench.MaxCount || c.count == 0 && c.changed("count"):
		return usage(fmt.Errorf("-n %d: want a number of messages, 1 or more", c.count))
	case c.duration == 0 && c.changed("duration"):
		return usage(errors.New("-d 0: want how long messages are sent, such as 10s"))
	case c.replies < 0 || c.replies > bench.MaxDepth:
		return usage(fmt.Errorf("-r %d: want a number of replies", c.replies))
	case !(c.rate >= 0 && c.rate <= bench.MaxRate):
		return usage(fmt.Errorf("--rate %v: want messages a second, up to %d", c.rate, int(bench.MaxRate)))
	case time.Duration(c.duration) > bench.MaxDuration:
		return usage(fmt.Errorf("-d %v: want at most %v", time.Duration(c.duration), bench.MaxDuration))
	case c.size < 0 || c.size > c.framing.C2S.Max:
		return usage(fmt.Errorf("--size %d: want 0 to %d bytes", c.size, c.framing.C2S.Max))
	case c.count == 0 && c.duration == 0:
		c.duration = seconds(benchDuration)
	}
	for _, text := range c.failIf {
		limit, err := bench.ParseLimit(text)
		if err != nil {
			return usage(fmt.Errorf("--fail-if %w", err))
		}
		if limit.Latency() && c.replies == 0 {
			return usage(fmt.Errorf("--fail-if %s: without answers, -r 0, there is no latency", limit))
		}
		c.limits = append(c.limits, limit)
	}
	return c.compose(args[1:])
}

// compose makes the message that is sent: MSG, or ping, as the framing has it.
func (c *benchCommand) compose(args []string) (err error) {
	switch {
	case c.size > 0 && len(args) > 0:
		return usage(errors.New("MSG and --size: want one of them"))
	case c.size > 0:
		c.message = []byte(strings.Repeat("x", c.size))
		return nil
	case len(args) == 0:
		args = []string{"ping"}
	}
	if c.message = []byte(args[0]); c.escapes {
		if c.message, err = escape.Unescape(nil, c.message); err != nil {
			return usage(fmt.Errorf("MSG: %w", err))
		}
	}
	c.message, err = compose(c.framing.C2S.Codec, c.message)
	return err
}

func (c *benchCommand) dial(ctx context.Context, number int, beforeRead func() error) (*link.Link, error) {
	options, err := c.transport.options(c.e, c.address, c.framing.S2C.Max)
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, c.address, options, time.Duration(c.transport.waitUp))
	if err != nil {
		return nil, err
	}
	return link.New(ctx, conn, link.Options{Framing: c.framing, Number: number, BeforeRead: beforeRead}), nil
}

func (c *benchCommand) progress(p bench.Progress) {
	fmt.Fprintf(c.e.stderr, "\r\x1b[K%s", c.e.palette.Note(fmt.Sprintf("%v  %d sent  %d answered  %.0f/s",
		p.Elapsed.Round(100*time.Millisecond), p.Sent, p.Answered, float64(p.Answered)/p.Elapsed.Seconds())))
}

// located is why a run has ended early, as other commands tell it.
func (c *benchCommand) located(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, bench.ErrSilent), errors.Is(err, bench.ErrStuck):
		return &codedError{exitTimeout, err}
	case errors.Is(err, bench.ErrClosed):
		return &codedError{exitClosed, err}
	}
	if received := as[*bench.ReceiveError](err); received != nil {
		return located(orDefault(received.Remote, c.address), received.Err, received.Fault)
	}
	return err
}

func (c *benchCommand) judge(r bench.Result) error {
	var broken []string
	for _, limit := range c.limits {
		if is, figure := limit.Broken(r); is {
			broken = append(broken, fmt.Sprintf("%s holds: it is %s", limit, figure))
		}
	}
	if len(broken) > 0 {
		return &codedError{exitFailed, fmt.Errorf("--fail-if %s", strings.Join(broken, "; "))}
	}
	return nil
}

func (c *benchCommand) draw(r bench.Result) error {
	return writeFile(c.plot, func(w io.Writer) error { return bench.WritePlot(w, c.title(), r) })
}
