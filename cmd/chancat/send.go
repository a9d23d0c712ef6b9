package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/internal/socket"
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/session"
)

type sendCommand struct {
	e         *env
	transport transportFlags
	out       outputFlags
	replies   int
	wait      seconds
	escapes   bool
	awkward   awkwardFlags

	framing framing.Framing
}

func newSend(e *env) *cobra.Command {
	c := &sendCommand{e: e}
	cmd := &cobra.Command{
		Use:   "send [flags] ADDR [MSG...]",
		Short: "send messages given as arguments, and wait for replies if asked",
		Long: `Send each MSG as one message, so that one with blanks needs quotes; without MSG,
all of stdin is one message. With -r N the replies go to stdout as in connect;
otherwise the connection is half-closed and what the peer says is discarded.`,
		Example: `  chancat send localhost:5000 hello world
  chancat send -f resp -r 1 localhost:6379 'SET key "two words"'
  chancat send -f line -r 1 -w 2s localhost:5000 PING
  chancat send -f msg --chunks 2,11 --gap 60ms -r 1 localhost:5000 ping
  chancat send -e -f nul localhost:5000 'caf\u{e9}\n' < /dev/null`,
		ValidArgsFunction: e.completePeer,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactArgs("ADDR")(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	c.transport.addDial(cmd)
	c.out.add(cmd)
	c.out.addRecord(cmd, session.Client)
	flags := cmd.Flags()
	flags.IntVarP(&c.replies, "replies", "r", 0, "wait for `N` replies; exit 5 or 6 if they do not come")
	flags.VarP(&c.wait, "wait", "w", "time limit for the replies")
	flags.BoolVarP(&c.escapes, "escapes", "e", false, `MSG has escapes: \n \r \t \0 \\ \xNN \u{...}`)
	c.awkward.add(cmd)
	return cmd
}

func (c *sendCommand) run(ctx context.Context, address string, args []string) (err error) {
	if c.framing, err = c.e.parseFraming(); err != nil {
		return err
	}
	delivery, err := c.awkward.delivery()
	if err != nil {
		return err
	}
	if c.replies < 0 {
		return usage(fmt.Errorf("-r %d: want a number of replies", c.replies))
	}
	var messages [][]byte
	err = interruptible(ctx, func() (err error) {
		messages, err = c.messages(address, args)
		return err
	})
	if err != nil {
		return err
	}
	options, err := c.transport.options(c.e, address, c.framing.S2C.Max)
	if err != nil {
		return err
	}
	print, err := c.out.open(c.e, c.framing.Spelling)
	if err != nil {
		return err
	}
	closeOthers, err := c.awkward.before(ctx, c.e, address, options, c.framing, messages)
	defer closeOthers()
	if err != nil {
		return print.closeAfter(err)
	}
	conn, err := dial(ctx, address, options, time.Duration(c.transport.waitUp))
	if err != nil {
		return print.closeAfter(err)
	}
	if conn.Stream == nil && !delivery.Whole() {
		conn.Close()
		return print.closeAfter(usage(fmt.Errorf("%s cuts a stream of bytes, and %s has only whole messages", c.awkward.cutter(), address)))
	}
	c.e.note("connected to %s", orDefault(conn.Remote, address))
	l := link.New(ctx, conn, link.Options{
		Framing: c.framing, Number: 1,
		Observe: print.observer(), Reads: c.out.record != "",
		BeforeRead: print.flushed,
		Delivery:   delivery, Gap: c.awkward.gap,
	})
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	err = c.exchange(ctx, l, messages, print)
	err = located(orDefault(l.Remote(), address), err, l.Fault(err))
	return print.closeAfter(c.e.childStatus(l, err))
}

// messages are those of the arguments, or stdin as one.
func (c *sendCommand) messages(address string, args []string) ([][]byte, error) {
	if len(args) == 0 && usesStdio(address) {
		return nil, usage(errors.New("MSG is missing: stdin is the stream"))
	}
	if len(args) == 0 {
		raw, _ := text.Parse("raw")
		msg, err := raw.NewReader(c.e.stdin, c.framing.C2S.Max).Next()
		return [][]byte{msg}, err
	}
	var messages [][]byte
	for i, arg := range args {
		msg, err := typedMessage(arg, c.escapes, i+1)
		if err == nil {
			msg, err = c.awkward.fill(msg)
		}
		if err != nil {
			return nil, err
		}
		msg, err = compose(c.framing.C2S.Codec, msg)
		if err != nil {
			return nil, &text.InputError{Message: i + 1, Err: err}
		}
		messages = append(messages, msg)
	}
	return messages, nil
}

func (c *sendCommand) exchange(ctx context.Context, l *link.Link, messages [][]byte, print *printer) error {
	sent := make(chan error, 1)
	go func() {
		err := c.sendAll(ctx, l, messages)
		print.flushEvents() // Recv flushed before, and may wait long for the reply
		sent <- err
		if c.replies > 0 && as[*text.InputError](err) != nil { // the replies asked for cannot come
			l.CloseWrite()
			time.AfterFunc(lingerMost, func() { l.Close() })
		}
	}()
	deadline := time.Now().Add(time.Duration(c.wait))
	limited := c.replies > 0 && c.wait > 0
	if limited {
		timer := time.AfterFunc(time.Duration(c.wait), func() { l.Close() })
		defer timer.Stop()
	}
	late := func() bool { return limited && !time.Now().Before(deadline) }
	if err := c.receive(ctx, l, print, late); err != nil {
		select {
		case failed := <-sent:
			return cmp.Or(failed, err) // it came first
		default:
			return err
		}
	}
	over := make(chan error, 1)
	go func() { over <- discard(l) }() // beside sending: the echo of much would hold it up for good
	err := <-sent
	end := time.AfterFunc(lingerMost, func() { l.Close() })
	defer end.Stop()
	if exitCode(err) == exitClosed || l.CloseWrite() != nil {
		l.Close()
	}
	ended := <-over
	if err == nil && as[*socket.Error](ended) != nil {
		err = ended // nobody listens: of a datagram the network tells that once, whoever asks first
	}
	if err != nil && ctx.Err() == nil && late() {
		return fmt.Errorf("%w: not all was sent within %v", errTimeout, time.Duration(c.wait))
	}
	return err
}

// receive prints the replies that are asked for. late reports whether they have had
// their time.
func (c *sendCommand) receive(ctx context.Context, l *link.Link, print *printer, late func() bool) error {
	for got := range c.replies {
		msg, err := l.Recv()
		switch {
		case err == nil:
			err = print.message("", msg)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case late():
			err = fmt.Errorf("%w: %d of %d replies came within %v", errTimeout, got, c.replies, time.Duration(c.wait))
		case err == io.EOF:
			err = fmt.Errorf("%w after %d of %d replies", errClosed, got, c.replies)
		}
		if err != nil {
			return err
		}
	}
	return print.flush()
}

// sendAll sends the messages, the ones before a message that the framing cannot
// carry too.
func (c *sendCommand) sendAll(ctx context.Context, l *link.Link, messages [][]byte) error {
	for i, msg := range messages {
		if i > 0 && c.awkward.pause > 0 {
			if err := l.Flush(); err != nil {
				return err
			}
			if err := pause.For(ctx, c.awkward.pause); err != nil {
				return err
			}
		}
		if err := l.Send(msg); err != nil {
			if exitCode(err) == exitUsage {
				l.Flush()
				return &text.InputError{Message: i + 1, Err: err}
			}
			return err
		}
	}
	if c.awkward.halfClose && c.replies > 0 { // without replies that is done anyway
		return l.CloseWrite()
	}
	return l.Flush()
}
