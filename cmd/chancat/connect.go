package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
)

type connectCommand struct {
	e         *env
	transport transportFlags
	in        inputFlags
	out       outputFlags
	session   sessionFlags
	want      int
	one       bool
	silence   seconds
	quit      limit
	lockstep  bool
	reconnect bool
	scan      bool

	framing framing.Framing
	options *endpoint.Options
	print   *printer
	input   *input
	links   int         // connections made
	queued  *link.Batch // what beforeInput flushes; nil with --reconnect, which queues nothing

	last       []byte // start of the last message that --reconnect sent
	lastNumber int    // of the input
}

func newConnect(e *env) *cobra.Command {
	c := &connectCommand{e: e}
	cmd := &cobra.Command{
		Use:   "connect [flags] ADDR",
		Short: "talk to a peer: stdin to messages, messages to stdout",
		Long: `Connect to ADDR. On a terminal, each line that you type is a message. In a pipe,
stdin becomes messages and the messages of the peer go to stdout; at the end of
stdin the connection is half-closed, and what the peer still sends is received
until it closes, -n messages came, or -w passed without one.`,
		Example: `  chancat connect echo:
  printf 'hello\n' | chancat connect localhost:5000
  chancat connect -f u32be --in hex --out hex -n 1 localhost:5000 < request.txt
  chancat connect -f line exec:'cat -n' < notes.txt`,
		Args:              oneAddress,
		ValidArgsFunction: c.complete,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	c.transport.addDial(cmd)
	c.in.add(cmd)
	c.out.add(cmd)
	c.out.addRecord(cmd, session.Client)
	c.session.add(cmd)
	c.session.addOnConnect(cmd)
	flags := cmd.Flags()
	flags.IntVarP(&c.want, "count", "n", 0, "end when `N` messages came; exit 5 or 6 if they do not")
	flags.BoolVarP(&c.one, "one", "1", false, "the same as -n 1")
	flags.VarP(&c.silence, "wait", "w", "end when no message came for this long")
	flags.Var(&c.quit, "quit-after", "end so long after the end of stdin, whatever still comes")
	flags.BoolVar(&c.lockstep, "lockstep", false, "wait for a reply to each message before sending the next")
	flags.BoolVar(&c.reconnect, "reconnect", false, "dial again when the connection is lost")
	flags.BoolVarP(&c.scan, "scan", "z", false, "connect, and close at once: exit 0 if somebody listens")
	cmd.MarkFlagsMutuallyExclusive("count", "one")
	cmd.MarkFlagsMutuallyExclusive("lockstep", "reconnect")
	cmd.MarkFlagsMutuallyExclusive("quit-after", "reconnect")
	return cmd
}

// oneAddress knows what a second argument was meant to be: a port, as netcat takes
// it, or messages.
func oneAddress(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 2 && allDigits(args[1]) && !strings.Contains(args[0], ":"):
		return usage(fmt.Errorf("unexpected argument %q; write %s:%s, or 'chancat %s %s'", args[1], args[0], args[1], args[0], args[1]))
	case len(args) > 1:
		return usage(fmt.Errorf("unexpected argument %q; 'chancat send -r 1 ADDR MSG' sends a message and prints the reply", args[1]))
	}
	return exactArgs("ADDR")(cmd, args)
}

func (c *connectCommand) run(ctx context.Context, address string) (err error) {
	if c.one {
		c.want = 1
	}
	if c.want < 0 {
		return usage(fmt.Errorf("-n %d: want a number of messages", c.want))
	}
	if address, err = c.named(address); err != nil {
		return err
	}
	if c.e.auto() {
		c.framing, err = framing.Parse("msg") // until settle knows better
	} else {
		c.framing, err = c.e.parseFraming()
	}
	if err != nil {
		return err
	}
	if c.options, err = c.transport.options(c.e, address, c.framing.S2C.Max); err != nil {
		return err
	}
	if usesStdio(address) {
		return usage(errors.New("stdio: is the stream, and leaves no place for messages; use decode and encode"))
	}
	if c.scan {
		return c.scanOnce(ctx, address)
	}
	if err := c.sitting().check(); err != nil {
		return err
	}
	if c.sitting().wanted() {
		return c.sit(ctx, address)
	}
	if c.e.auto() {
		return c.runAuto(ctx, address)
	}
	if err := c.openEnds(); err != nil {
		return err
	}
	l, err := c.dial(ctx, address, time.Duration(c.transport.waitUp))
	if err != nil {
		return c.print.closeAfter(err)
	}
	return c.converse(ctx, l, address)
}

// openEnds opens what is sent and what is printed.
func (c *connectCommand) openEnds() (err error) {
	if c.input, err = c.in.open(c.e.stdin, c.framing.C2S, c.beforeInput); err != nil {
		return err
	}
	c.print, err = c.out.open(c.e, c.framing.Spelling)
	return err
}

// runAuto is run where the peer has to speak first, so that the framing is known
// before anything is sent or recorded.
func (c *connectCommand) runAuto(ctx context.Context, address string) error {
	if _, err := c.in.open(c.e.stdin, c.framing.C2S, nil); err != nil {
		return err
	}
	conn, err := dial(ctx, address, c.options, time.Duration(c.transport.waitUp))
	if err != nil {
		return err
	}
	if c.framing, err = settle(ctx, c.e, conn, time.Duration(c.silence)); err == nil {
		err = c.openEnds()
	}
	if err != nil {
		conn.Close()
		return err
	}
	return c.converse(ctx, c.link(ctx, conn), address)
}

// converse runs the conversation over l, and those that follow it.
func (c *connectCommand) converse(ctx context.Context, l *link.Link, address string) error {
	if c.reconnect {
		return c.print.closeAfter(c.reconnecting(ctx, l, address))
	}
	return c.print.closeAfter(c.once(ctx, l))
}

// complete proposes addresses, and peers by name.
func (c *connectCommand) complete(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.e.completePeer(cmd, args, typed)
}

// named returns the address that is meant by @PROFILE, of which the flags that are
// not given are taken too.
func (c *connectCommand) named(address string) (string, error) {
	p, err := c.e.profileOf(address)
	if p == nil {
		return address, err
	}
	c.e.framing = orDefault(c.e.framing, p.Framing)
	if c.sitting().wanted() {
		c.out.view = orDefault(c.out.view, p.View)
		c.session.onConnect = orDefault(c.session.onConnect, p.OnConnect)
	}
	return p.Address, nil
}

// scanOnce is netcat's -z.
func (c *connectCommand) scanOnce(ctx context.Context, address string) error {
	conn, err := dial(ctx, address, c.options, time.Duration(c.transport.waitUp))
	if err != nil {
		return err
	}
	defer conn.Close()
	if conn.Framing == "udp" {
		return c.scanUDP(conn)
	}
	c.e.note("%s is open", conn.Remote)
	return nil
}

// scanUDP sends an empty datagram: a closed port is reported by the network, an open
// one, or a firewall, is silent.
func (c *connectCommand) scanUDP(conn *endpoint.Conn) error {
	if err := conn.Messages.Send(nil); err != nil {
		return err
	}
	silence := time.Duration(c.silence)
	if silence == 0 {
		silence = silenceDefault
	}
	timer := time.AfterFunc(silence, func() { conn.Close() })
	defer timer.Stop()
	_, err := conn.Messages.Recv()
	if errors.Is(err, net.ErrClosed) {
		c.e.note("%s is open, or a firewall is silent", conn.Remote)
		return nil
	}
	if err == nil {
		c.e.note("%s is open", conn.Remote)
	}
	return err
}

// dial opens a link, tried again for waitUp.
func (c *connectCommand) dial(ctx context.Context, address string, waitUp time.Duration) (*link.Link, error) {
	conn, err := dial(ctx, address, c.options, waitUp)
	if err != nil {
		return nil, err
	}
	c.e.note("connected to %s", orDefault(conn.Remote, address))
	return c.link(ctx, conn), nil
}

// link runs the framing over conn.
func (c *connectCommand) link(ctx context.Context, conn *endpoint.Conn) *link.Link {
	c.links++
	return link.New(ctx, conn, link.Options{
		Framing: c.framing, Number: c.links,
		Observe: c.print.observer(), Reads: c.out.record != "",
		BeforeRead: c.print.flushed,
	})
}

// beforeInput flushes what was sent, and the events of it, before more input is
// waited for. As long as more has been read already, it can share a write. Where
// sending has failed no more input is wanted: it could not be sent.
func (c *connectCommand) beforeInput() (err error) {
	if c.queued != nil {
		err = c.queued.Flush()
	}
	c.print.flushEvents()
	return err
}

// once is the whole conversation over one connection.
func (c *connectCommand) once(ctx context.Context, l *link.Link) error {
	c.queued, c.print.alone = l.NewBatch(), true
	x := &exchange{
		link: l, batch: c.queued, input: c.input, print: c.print,
		want: int64(c.want), silence: time.Duration(c.silence), quit: c.quit, lockstep: c.lockstep,
	}
	err := x.run(ctx)
	c.e.note("received %s", counted(l.Heard(), "message", "messages"))
	err = located(orDefault(l.Remote(), "the peer"), err, l.Fault(err))
	return c.e.childStatus(l, err)
}
