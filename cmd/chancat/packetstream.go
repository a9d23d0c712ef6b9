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
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/proto/packetstream"
	"github.com/chancat/channel/view"
)

// packetstreamFarewell is how long the peer may take to end, once it has answered.
const packetstreamFarewell = 5 * time.Second

func newPacketstream(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "packetstream serve|call",
		Short: "call a peer over tagged requests on one connection, or answer",
		Long: `Speak the protocol of the Python package cs.packetstream: any number of requests
on one connection, each with a type, flags and a payload, answered in any order.

There is no authentication: whoever can connect may ask.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newPacketstreamServe(e), newPacketstreamCall(e))
	return cmd
}

type packetstreamCall struct {
	e         *env
	transport transportFlags
	out       outputFlags
	request   packetstream.Request // of which each payload makes one
	escapes   bool
	wait      seconds
}

func newPacketstreamCall(e *env) *cobra.Command {
	c := &packetstreamCall{e: e}
	cmd := &cobra.Command{
		Use:   "call [flags] ADDR [PAYLOAD...]",
		Short: "send requests on one connection, print the replies in their order",
		Long: `Send each PAYLOAD as one request; without PAYLOAD, all of stdin is one. All are
sent at once, and the replies printed in the order of the requests, one a line.
A rejection goes to stderr, and makes the exit status 1.`,
		Example: `  chancat packetstream call localhost:5000 hello world
  chancat packetstream call --type 3 --flags 0x55 unix:/tmp/socket < request
  chancat packetstream call exec:'chancat packetstream serve - -- rev' hello`,
		ValidArgsFunction: completeAddress,
		Args: func(cmd *cobra.Command, args []string) error {
			return exactArgs("ADDR")(cmd, args[:min(len(args), 1)])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	c.transport.addDial(cmd)
	flags := cmd.Flags()
	flags.Uint64Var(&c.request.Type, "type", 0, "the application's type of the requests, a number `N`")
	flags.Uint64Var(&c.request.Flags, "flags", 0, "the application's flags of the requests, a number `N` such as 0x55")
	flags.Uint64Var(&c.request.Channel, "channel", 0, "the channel `N`; the Python program rejects all but 0")
	flags.BoolVarP(&c.escapes, "escapes", "e", false, `PAYLOAD has escapes: \n \r \t \0 \\ \xNN \u{...}`)
	flags.VarP(&c.wait, "wait", "w", "time limit for all replies")
	flags.StringVar(&c.out.out, "out", "", "`CODING` of the replies on stdout: line, nul, raw, hex, base64, escape or frames=FRAMING (default line)")
	flags.StringVar(&c.out.view, "view", "", "`VIEW` of the replies for a person: "+strings.Join(view.Names(), ", ")+" (default auto on a terminal)")
	cmd.MarkFlagsMutuallyExclusive("out", "view")
	cmd.RegisterFlagCompletionFunc("out", completeCoding)
	cmd.RegisterFlagCompletionFunc("view", cobra.FixedCompletions(view.Names(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *packetstreamCall) run(ctx context.Context, address string, args []string) error {
	payloads, err := c.payloads(ctx, address, args)
	if err != nil {
		return err
	}
	options, err := c.transport.options(c.e, address, 0)
	if err != nil {
		return err
	}
	print, err := c.out.open(c.e, "")
	if err != nil {
		return err
	}
	stream, err := dial(ctx, address, options, time.Duration(c.transport.waitUp))
	if err != nil {
		return print.closeAfter(err)
	}
	defer stream.Close()
	if stream.Stream == nil {
		return print.closeAfter(usage(fmt.Errorf("packetstream needs a stream of bytes, and %s has only whole messages", address)))
	}
	c.e.note("connected to %s", orDefault(stream.Remote, address))
	err = c.exchange(ctx, stream.Stream, payloads, print)
	ours := as[*codedError](err) != nil && !errors.Is(err, errTimeout) || as[*text.InputError](err) != nil || as[*outputError](err) != nil
	if err != nil && !ours && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", orDefault(stream.Remote, address), err)
	}
	return print.closeAfter(c.e.childStatus(stream, err))
}

// payloads are those of the arguments, or stdin as one.
func (c *packetstreamCall) payloads(ctx context.Context, address string, args []string) ([][]byte, error) {
	if len(args) == 0 && usesStdio(address) {
		return nil, usage(errors.New("PAYLOAD is missing: stdin is the stream"))
	}
	if len(args) == 0 {
		var all []byte
		err := interruptible(ctx, func() (err error) {
			all, err = io.ReadAll(c.e.stdin)
			return err
		})
		return [][]byte{all}, err
	}
	var payloads [][]byte
	for i, arg := range args {
		payload, err := typedMessage(arg, c.escapes, i+1)
		if err != nil {
			return nil, err
		}
		payloads = append(payloads, payload)
	}
	return payloads, nil
}

// exchange sends the requests, prints the replies, and says goodbye.
func (c *packetstreamCall) exchange(ctx context.Context, stream io.ReadWriteCloser, payloads [][]byte, print *printer) error {
	options := &packetstream.Options{MaxPending: len(payloads)}
	if c.e.verbose {
		options.Logger = c.e.logger() // what matters is told by the calls
	}
	conn := packetstream.New(stream, options)
	defer conn.Close()
	waiting := ctx
	if c.wait > 0 {
		var cancel func()
		waiting, cancel = context.WithTimeoutCause(ctx, time.Duration(c.wait), errTimeout)
		defer cancel()
	}
	var pending []*packetstream.Pending
	for i, payload := range payloads {
		r := c.request
		r.Payload = payload
		p, err := conn.Submit(waiting, r)
		if errors.Is(err, frame.ErrUnsendable) {
			return &text.InputError{Message: i + 1, Err: err}
		}
		if err != nil {
			break // the replies to those before say it better
		}
		pending = append(pending, p)
	}
	var failed error
	late := func(i int) error {
		return fmt.Errorf("%w: no reply to request %d of %d came within %v; a longer -w waits on", errTimeout, i+1, len(payloads), time.Duration(c.wait))
	}
	for i, p := range pending {
		reply, err := p.Wait(waiting)
		no := as[*packetstream.RejectError](err)
		switch {
		case no != nil:
			failed = c.rejected(failed, i, len(payloads), no)
		case errors.Is(err, errTimeout):
			return late(i)
		case err != nil:
			return c.over(err)
		default:
			if reply.Flags != 0 {
				c.e.note("reply %d has flags %#x", i+1, reply.Flags)
			}
			if err := cmp.Or(print.message("", reply.Payload), print.flushed()); err != nil {
				return err
			}
		}
	}
	if len(pending) < len(payloads) {
		select {
		case <-conn.Done():
			return c.over(cmp.Or(conn.Err(), packetstream.ErrPeerEnded))
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-waiting.Done():
			return late(len(pending))
		}
	}
	return cmp.Or(failed, c.farewell(ctx, conn))
}

// rejected tells of a rejection. All but the last are told at once.
func (c *packetstreamCall) rejected(before error, i, of int, no *packetstream.RejectError) error {
	if before != nil {
		c.e.warn(before)
	}
	var err error = no
	if of > 1 {
		err = fmt.Errorf("request %d: %w", i+1, no)
	}
	if no.Flags != 0 {
		err = fmt.Errorf("%w, flags %#x", err, no.Flags)
	}
	return &codedError{exitFailed, err}
}

// over is the error for a reply that will not come.
func (c *packetstreamCall) over(err error) error {
	if errors.Is(err, packetstream.ErrPeerEnded) {
		return &codedError{exitClosed, err}
	}
	return err
}

// farewell ends the connection as the protocol has it. A peer that has answered all
// and then just goes, or stays, does no harm.
func (c *packetstreamCall) farewell(ctx context.Context, conn *packetstream.Conn) error {
	limit := time.Duration(c.wait)
	if limit == 0 {
		limit = packetstreamFarewell
	}
	last, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	err := conn.Shutdown(last)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case exitCode(err) == exitBroken:
		return err
	case err != nil:
		c.e.note("the peer did not end its side: %v", err)
	}
	return nil
}
