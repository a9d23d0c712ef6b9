package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/replay"
	"github.com/chancat/channel/session"
)

// replayWait is how long an answer may take.
const replayWait = 10 * time.Second

type replayCommand struct {
	e         *env
	transport transportFlags
	play      playFlags
	against   string
	only      string
	unordered bool
	json      bool
}

// playFlags are common to replay and serve.
type playFlags struct {
	conn   int
	timing string
	chunks string
	gap    time.Duration
	wait   seconds
	ignore []string
}

func (f *playFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.conn, "conn", 0, "play connection `N` of the recording (default the first that says something)")
	flags.StringVar(&f.timing, "timing", "fast", "`PACE`: fast, recorded (with the recorded pauses), or xN (pauses N times shorter)")
	flags.StringVar(&f.chunks, "chunks", "", "`HOW` to write in pieces: recorded, each-byte, split, merge or random:SEED (default a message a write)")
	addTime(flags, &f.gap, "gap", mutate.DefaultGap, "pause between the pieces of --chunks")
	flags.StringArrayVar(&f.ignore, "ignore", nil, "compare messages that are JSON without what the `JQ` paths select, such as '.id, .time'")
	cmd.RegisterFlagCompletionFunc("timing", cobra.FixedCompletions([]string{"fast", "recorded", "x10"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("chunks", completeDelivery("recorded"))
}

// options reads the flags.
func (f *playFlags) options() (o replay.Options, err error) {
	o = replay.Options{Gap: f.gap, Wait: time.Duration(f.wait)}
	switch times, ok := strings.CutPrefix(f.timing, "x"); {
	case f.timing == "fast":
	case f.timing == "recorded":
		o.Speed = 1
	case ok:
		if o.Speed, err = strconv.ParseFloat(times, 64); err == nil && o.Speed > 0 && o.Speed < 1e9 {
			break
		}
		fallthrough
	default:
		return o, usage(fmt.Errorf("--timing %q: want fast, recorded or xN, such as x10", f.timing))
	}
	if f.chunks != "" && f.chunks != "recorded" {
		if o.Delivery, err = mutate.ParseDelivery(f.chunks); err != nil {
			return o, usage(fmt.Errorf("--chunks %w; or recorded", err))
		}
	}
	if o.Normal, err = replay.Ignoring(f.ignore); err != nil {
		return o, usage(fmt.Errorf("--ignore: %w", err))
	}
	return o, nil
}

// load reads the recording name. It returns the part of self in it, and sets its
// framing in o.
func (f *playFlags) load(ctx context.Context, e *env, name string, self session.Side, o *replay.Options) (*replay.Script, error) {
	var r *replay.Recording
	if err := interruptible(ctx, func() (err error) { r, err = loadRecording(e, name); return err }); err != nil {
		return nil, err
	}
	o.Framing = r.Framing
	return f.script(e, r, shownName(name), self)
}

// script is the part of self in the chosen connection.
func (f *playFlags) script(e *env, r *replay.Recording, name string, self session.Side) (*replay.Script, error) {
	c, err := chooseConversation(e, r, name, f.conn)
	if err != nil {
		return nil, err
	}
	if c.Lost > 0 {
		e.say("%s: connection %d: %d bytes were not captured; messages are missing", name, c.Number, c.Lost)
	}
	if c.Edited > 0 {
		e.note("%s: %d messages are not what the reads of the recording hold; the messages count", name, c.Edited)
	}
	s := c.Script(self, f.chunks == "recorded")
	if _, both := c.Sides(); f.chunks == "recorded" && both && !hasChunks(s) {
		return nil, usage(fmt.Errorf("--chunks recorded: connection %d of %s has no reads of the %s", c.Number, name, self))
	}
	return s, nil
}

func hasChunks(s *replay.Script) bool {
	return slices.ContainsFunc(s.Moves, func(m replay.Move) bool { return m.Kind == replay.Chunk })
}

func newReplay(e *env) *cobra.Command {
	c := &replayCommand{e: e}
	cmd := &cobra.Command{
		Use:   "replay [flags] SESSION ADDR",
		Short: "send what a recorded client sent, and compare the answers",
		Long: `Connect to ADDR and say what the client said in SESSION, a recording made with
--record or a capture. What came after an answer in the recording waits for that
answer. Each answer is compared with the recorded one; a difference is shown and
makes the exit status 1. The framing is that of the recording unless -f is
given.

With --against the same is said to two servers, and the answers of the second
are compared with those of the first. What always differs, such as times, is
left out by --ignore; what comes unasked, such as notifications, by --only.`,
		Example: `  chancat replay login.session localhost:5000
  chancat replay login.session old:5000 --against new:5000 --ignore '.id, .time'
  chancat replay --timing recorded --chunks recorded bug.session localhost:5000
  chancat replay -f resp capture.pcapng localhost:6379
  chancat replay lsp.session exec:gopls --only .id --unordered`,
		Args:              exactArgs("SESSION", "ADDR"),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1]) },
		ValidArgsFunction: behindFile(e.completePeer),
	}
	c.transport.addDial(cmd)
	c.play.add(cmd)
	flags := cmd.Flags()
	c.play.wait = seconds(replayWait)
	flags.VarP(&c.play.wait, "wait", "w", "time limit for each answer; 0 for none")
	flags.StringVar(&c.against, "against", "", "say the same to `ADDR2`, and compare its answers with those of ADDR")
	flags.StringVar(&c.only, "only", "", "wait for, and compare, only messages of which the `JQ` query is true, such as .id")
	flags.BoolVar(&c.unordered, "unordered", false, "answers may come in any order")
	flags.BoolVar(&c.json, "json", false, "print results, one JSON object a line")
	return cmd
}

func (c *replayCommand) run(ctx context.Context, name, address string) error {
	o, err := c.play.options()
	if err != nil {
		return err
	}
	if c.only != "" {
		if o.Only, err = replay.Only(c.only); err != nil {
			return usage(fmt.Errorf("--only: %w", err))
		}
	}
	o.Unordered = c.unordered
	if usesStdio(address) || usesStdio(c.against) {
		return usage(errors.New("stdio: cannot be replayed to: stdout has the results"))
	}
	s, err := c.play.load(ctx, c.e, name, session.Client, &o)
	if err != nil {
		return err
	}
	t := &tally{e: c.e, json: c.json, against: c.against != "", wait: o.Wait}
	o.Report = t.outcome
	conns, err := c.dial(ctx, address, o)
	if err != nil {
		return err
	}
	result := replay.Run(ctx, conns, s, o)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	remote := orDefault(conns[result.Failed].Remote, address)
	return t.finish(result, located(remote, replayEnded(result.Err, remote), result.Fault))
}

// dial connects to the server, and to the one that is compared with it.
func (c *replayCommand) dial(ctx context.Context, address string, o replay.Options) (conns []*endpoint.Conn, err error) {
	for _, address := range []string{address, c.against} {
		if address == "" {
			continue
		}
		options, err := c.transport.options(c.e, address, o.Framing.S2C.Max)
		var conn *endpoint.Conn
		if err == nil {
			conn, err = dial(ctx, address, options, time.Duration(c.transport.waitUp))
		}
		if err == nil && conn.Stream == nil && c.play.chunks != "" {
			conn.Close()
			err = usage(fmt.Errorf("--chunks cuts a stream of bytes, and %s has only whole messages", address))
		}
		if err != nil {
			for _, conn := range conns {
				conn.Close()
			}
			return nil, err
		}
		c.e.note("connected to %s", orDefault(conn.Remote, address))
		conns = append(conns, conn)
	}
	return conns, nil
}

// replayEnded gives an early end its exit status.
func replayEnded(err error, remote string) error {
	switch {
	case errors.Is(err, replay.ErrTimeout):
		return &codedError{exitTimeout, fmt.Errorf("%s: %w", remote, err)}
	case errors.Is(err, replay.ErrClosed):
		return &codedError{exitClosed, fmt.Errorf("%s: %w", remote, err)}
	}
	return err
}
