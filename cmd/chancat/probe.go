package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/probe"
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/internal/text/escape"
)

type probeCommand struct {
	e         *env
	transport transportFlags
	messages  []string
	expect    string
	escapes   bool
	json      bool
	junit     string
	gap       time.Duration
	wait      seconds
	framing   framing.Framing
}

func newProbe(e *env) *cobra.Command {
	c := &probeCommand{e: e}
	cmd := &cobra.Command{
		Use:   "probe [flags] ADDR",
		Short: "find out how a peer bears cut, merged and malformed frames",
		Long: `Send a peer the same messages in every way that a stream may cut and merge
them, then messages that are empty, large or binary, then malformed frames,
and compare the replies. 20 checks, each pass, warn, fail or skip; for one that
fails, the smallest split that does and a command that shows it again.

A check with a malformed frame fails if the peer does not answer a fresh
connection afterwards, and warns if it took the frame for a message.

Without --send a message is sent that does no harm where the framing is that of
a known protocol (resp, nats, memcached, lsp, mqtt, postgres), else "ping".
Probing memcached stores the key chancat-probe for a second, probing nats
publishes to chancat.probe. A peer that has bugs may die of this: do not probe
one that others need.

Exit status 1 if a check fails or none could be run, else 0.`,
		Example: `  chancat probe -f msg localhost:5000
  chancat probe -f u32be --send hello --expect echo localhost:5000
  chancat probe -f resp --junit probe.xml localhost:6379
  chancat probe -f lsp 'exec:gopls serve'`,
		ValidArgsFunction: e.completePeer,
		Args:              exactArgs("ADDR"),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	c.transport.addDial(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&c.messages, "send", nil, "a `MSG` to send; again for more, which are sent in order")
	flags.StringVar(&c.expect, "expect", "reply", "the `REPLIES` that are right: echo, reply, none or TEXT; reply means those of the baseline, TEXT that they hold it")
	flags.BoolVarP(&c.escapes, "escapes", "e", false, `MSG and TEXT have escapes: \n \r \t \0 \\ \xNN \u{...}`)
	flags.BoolVar(&c.json, "json", false, "print one JSON object for each check")
	flags.StringVar(&c.junit, "junit", "", "write the results to `FILE` as JUnit XML")
	addTime(flags, &c.gap, "gap", probe.DefaultGap, "pause between the pieces of a frame")
	flags.VarP(&c.wait, "wait", "w", "the longest wait for a reply (default 3s, 5s for the first)")
	cmd.RegisterFlagCompletionFunc("expect", cobra.FixedCompletions([]string{"echo", "reply", "none"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *probeCommand) run(ctx context.Context, address string) error {
	o, err := c.options(address)
	if err != nil {
		return err
	}
	out := &probeReport{e: c.e, json: c.json, address: address, flags: c.dialFlags()}
	if o.Whole {
		out.begin("whole messages")
	} else {
		out.begin(c.framing.Spelling)
	}
	o.Each = out.result
	report, err := probe.Run(ctx, o)
	if report == nil {
		return err
	}
	if failed := out.end(report); failed != nil {
		return failed
	}
	if c.junit != "" {
		if failed := writeProbeJUnit(c.junit, address, out, report); failed != nil {
			return &outputError{failed}
		}
	}
	switch failed := report.Count(probe.Fail); {
	case err != nil:
		return err
	case failed > 0:
		return &toldError{&codedError{exitFailed, fmt.Errorf("%d checks failed", failed)}}
	case report.Executed() == 0:
		return &codedError{exitFailed, fmt.Errorf("%s: no check was run", address)}
	}
	return nil
}

// options are what the flags say.
func (c *probeCommand) options(address string) (o probe.Options, err error) {
	if c.framing, err = c.e.parseFraming(); err != nil {
		return o, err
	}
	if usesStdio(address) {
		return o, usage(fmt.Errorf("%s: probe makes many connections, and stdin is but one", address))
	}
	if c.gap <= 0 {
		return o, usage(fmt.Errorf("--gap %v: want a time above 0", c.gap))
	}
	if o.Messages, err = c.parseMessages(); err != nil {
		return o, err
	}
	expect := []byte(c.expect)
	if c.escapes {
		if expect, err = escape.Unescape(nil, expect); err != nil {
			return o, usage(fmt.Errorf("--expect: %w", err))
		}
	}
	options, err := c.transport.options(c.e, address, c.framing.S2C.Max)
	if err != nil {
		return o, err
	}
	waitUp := time.Duration(c.transport.waitUp)
	o.Dial = func(ctx context.Context) (*endpoint.Conn, error) {
		patience := waitUp
		waitUp = 0 // a peer that is up and goes down is a finding
		return dial(ctx, address, options, patience)
	}
	o.Framing, o.Expect, o.Gap, o.Wait = c.framing, probe.ParseExpect(expect), c.gap, time.Duration(c.wait)
	if isUDP(address) {
		o.Whole, o.Most = true, 60_000 // bytes that fit for certain
	}
	o.Whole = o.Whole || isWebSocket(address)
	return o, nil
}

func (c *probeCommand) parseMessages() ([]probe.Message, error) {
	var messages []probe.Message
	for i, typed := range c.messages {
		msg, err := typedMessage(typed, c.escapes, i+1)
		if err != nil {
			return nil, err
		}
		body, err := compose(c.framing.C2S.Codec, msg)
		if err != nil {
			return nil, &text.InputError{Message: i + 1, Err: err}
		}
		messages = append(messages, probe.Message{Text: msg, Body: body})
	}
	return messages, nil
}

// dialFlags are the flags of ours that a command needs to reach the same peer.
func (c *probeCommand) dialFlags() []string {
	var flags []string
	add := func(name, value string) {
		if value != "" {
			flags = append(flags, name, value)
		}
	}
	t := &c.transport
	if t.insecure {
		flags = append(flags, "--insecure")
	}
	add("--ca", t.ca)
	add("--cert", t.cert)
	add("--key", t.key)
	add("--server-name", t.serverName)
	add("--subprotocol", t.subprotocol)
	for _, h := range t.headers {
		if strings.HasPrefix(h, "@") { // what stands in argv may be a secret
			add("--header", h)
		}
	}
	return flags
}
