package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/replay"
	"github.com/chancat/channel/session"
)

type serveCommand struct {
	e         *env
	transport transportFlags
	play      playFlags
	portFile  string
	once      bool
	loose     bool
	maxConns  int
}

func newServe(e *env) *cobra.Command {
	c := &serveCommand{e: e}
	cmd := &cobra.Command{
		Use:   "serve [flags] SESSION ADDR",
		Short: "play the server of a recording to any number of clients",
		Long: `Listen on ADDR and say to each client what the server said in SESSION, a
recording made with --record or a capture. What came after a message of the
client in the recording waits for a message. A client that says something else
is told of on stderr, and the recording goes on in its order. With --loose each
message gets the answer that the same message got in the recording, in any order
and as often as it comes.`,
		Example: `  chancat serve login.session 5000
  chancat serve --once --timing recorded bug.session 5000
  chancat serve --loose --ignore .id api.session 5000`,
		Args:              exactArgs("SESSION", "ADDR"),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1]) },
		ValidArgsFunction: behindFile(completeListen),
	}
	c.transport.addListen(cmd)
	c.play.add(cmd)
	flags := cmd.Flags()
	flags.VarP(&c.play.wait, "wait", "w", "give up a client that is silent for this long where it is to speak")
	flags.StringVar(&c.portFile, "port-file", "", "write the port to `FILE` once clients can connect")
	flags.BoolVar(&c.once, "once", false, "serve one client and end; exit 1 if it said something else")
	flags.BoolVar(&c.loose, "loose", false, "answer each message as the same message was answered, in any order")
	flags.IntVar(&c.maxConns, "max-conns", maxConnsDefault, "serve at most `N` clients at once")
	return cmd
}

func (c *serveCommand) run(ctx context.Context, name, address string) error {
	if c.maxConns < 1 {
		return usage(fmt.Errorf("--max-conns %d: want at least 1", c.maxConns))
	}
	if c.loose && c.play.chunks == "recorded" {
		return usage(errors.New("--loose answers with messages, which --chunks recorded does not send; each-byte or split can"))
	}
	o, err := c.play.options()
	if err != nil {
		return err
	}
	if usesStdio(address) {
		c.once = true
	}
	s, err := c.play.load(ctx, c.e, name, session.Server, &o)
	if err != nil {
		return err
	}
	options, err := c.transport.listenOptions(c.e, address, o.Framing.C2S.Max)
	if err != nil {
		return err
	}
	l, err := endpoint.Listen(ctx, address, options)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := announce(c.e, l, c.portFile); err != nil {
		return err
	}
	if c.once {
		conn, err := acceptOne(ctx, l)
		if err != nil {
			return err
		}
		return c.client(ctx, conn, 1, s, o)
	}
	return acceptEach(ctx, c.e, l, c.maxConns, func(conn *endpoint.Conn, number int) {
		if err := c.client(ctx, conn, number, s, o); ctx.Err() == nil {
			c.e.report(err)
		}
	})
}

// client plays the recording to one client.
func (c *serveCommand) client(ctx context.Context, conn *endpoint.Conn, number int, s *replay.Script, o replay.Options) error {
	name := orDefault(conn.Remote, fmt.Sprint("client ", number))
	c.e.note("client %d connected from %s", number, conn.Remote)
	differs := 0
	o.Report = func(outcome replay.Outcome) {
		if outcome.Verdict != replay.Same {
			differs++
			c.e.say("%s", tell(number, outcome))
		}
	}
	var result replay.Result
	if c.loose {
		result = replay.Answer(ctx, conn, s, o)
	} else {
		result = replay.Run(ctx, []*endpoint.Conn{conn}, s, o)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.e.note("client %d is gone", number)
	err := result.Err
	if errors.Is(err, replay.ErrClosed) && result.Owed == 0 {
		err = nil
	}
	err = located(name, replayEnded(err, name), result.Fault)
	if differs == 0 {
		return err
	}
	if err != nil {
		c.e.warn(err)
	}
	return &toldError{&codedError{exitFailed, errors.New("the client said something else")}}
}

// tell says what a client said otherwise.
func tell(number int, o replay.Outcome) string {
	switch o.Verdict {
	case replay.Missing:
		return fmt.Sprintf("client %d: message %d of the recording did not come: %s", number, o.Seq, preview(o.Want))
	case replay.Unexpected:
		return fmt.Sprintf("client %d: message %d is not in the recording: %s", number, o.Seq, preview(o.Got))
	}
	return fmt.Sprintf("client %d: message %d differs: %s; recorded %s", number, o.Seq, preview(o.Got), preview(o.Want))
}

func preview(body []byte) string {
	const most = 80
	if len(body) > most {
		return fmt.Sprintf("%q… (%d bytes)", body[:most], len(body))
	}
	return fmt.Sprintf("%q", body)
}
