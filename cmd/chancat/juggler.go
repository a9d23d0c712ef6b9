package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/socket"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/internal/ws"
	"github.com/chancat/channel/proto/juggler"
)

func newJuggler(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "juggler serve|call|watch",
		Short: "JSON requests, and a state mirrored into clients and browsers",
		Long: `Speak the protocol of hat.juggler: JSON requests, notifications, and a state of
the server that its clients mirror.

There are two versions of it on the wire, which nothing negotiates. --wire 0.7
is that of today's Python and JavaScript packages, 0.6 of those up to 0.6.26.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newJugglerServe(e), newJugglerCall(e), newJugglerWatch(e))
	return cmd
}

// wireFlag is the value of --wire.
type wireFlag juggler.Wire

func (f *wireFlag) String() string { return juggler.Wire(*f).String() }
func (f *wireFlag) Type() string   { return "VERSION" }

func (f *wireFlag) Set(text string) error {
	w, err := juggler.ParseWire(text)
	*f = wireFlag(w)
	return err
}

// jugglerClient is what call and watch have in common.
type jugglerClient struct {
	e            *env
	wire         wireFlag
	transport    transportFlags
	user         string
	passwordFile string
}

func (c *jugglerClient) add(cmd *cobra.Command) {
	flags, t := cmd.Flags(), &c.transport
	flags.Var(&c.wire, "wire", "version of the wire: 0.6 or 0.7")
	cmd.RegisterFlagCompletionFunc("wire", cobra.FixedCompletions([]string{"0.6", "0.7"}, cobra.ShellCompDirectiveNoFileComp))
	flags.StringArrayVar(&t.headers, "header", nil, "a `'Name: value'` of the handshake; @FILE reads it from a file")
	flags.StringVar(&c.user, "user", "", "log in as `NAME`, with the password of --password-file or $CHANCAT_PASSWORD, else asked for on the terminal")
	flags.StringVar(&c.passwordFile, "password-file", "", "the first line of `FILE` is the password of --user")
	flags.StringVar(&t.ca, "ca", "", "wss: trust the certificates in `FILE`")
	flags.BoolVar(&t.insecure, "insecure", false, "wss: accept any certificate")
	flags.StringVar(&t.serverName, "server-name", "", "wss: the `NAME` to ask for and to check")
	flags.Var(&t.connectTimeout, "connect-timeout", "give up a dial after this time (default 10s)")
	flags.Var(&t.waitUp, "wait-up", "dial again for this long while nothing listens")
}

func (c *jugglerClient) options(ctx context.Context) (*juggler.ClientOptions, error) {
	header, err := parseHeaders(c.transport.headers)
	if err != nil {
		return nil, err
	}
	config, err := c.transport.tlsConfig()
	if err != nil {
		return nil, err
	}
	if juggler.Wire(c.wire) == juggler.WireAuto {
		return nil, usage(errors.New("--wire auto: only a server can tell; want 0.6 or 0.7"))
	}
	o := &juggler.ClientOptions{
		Wire: juggler.Wire(c.wire), Header: http.Header{}, TLS: config,
		User: c.user, Timeout: time.Duration(c.transport.connectTimeout),
	}
	for name, values := range header {
		o.Header[http.CanonicalHeaderKey(name)] = values
	}
	switch {
	case c.user == "" && c.passwordFile == "":
		return o, nil
	case c.user == "":
		return nil, usage(errors.New("--password-file without --user"))
	}
	o.Password, err = c.password(ctx)
	return o, err
}

// password is that of --user: from the file, from the environment, or asked for where
// a person sits at the terminal.
func (c *jugglerClient) password(ctx context.Context) (string, error) {
	if c.passwordFile == "" {
		password := c.e.getenv("CHANCAT_PASSWORD")
		if password == "" && term.Is(c.e.stdin) && term.Is(c.e.stderr) {
			asked, err := term.ReadSecret(ctx, c.e.stdin, c.e.stderr, "Password of "+printable(c.user)+": ")
			return string(asked), err
		}
		if password == "" {
			return "", usage(errors.New("--user needs a password: name its file with --password-file, or set CHANCAT_PASSWORD"))
		}
		return password, nil
	}
	text, err := os.ReadFile(c.passwordFile)
	if err != nil {
		return "", err
	}
	password, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(password, "\r"), nil
}

// jugglerURL completes what a person typed: HOST:PORT is ws://HOST:PORT/ws.
func jugglerURL(text string) string {
	if !strings.Contains(text, "://") {
		text = "ws://" + text
	}
	if u, err := url.Parse(text); err == nil && u.Path == "" {
		u.Path = "/ws"
		return u.String()
	}
	return text
}

// connect dials, and again for --wait-up while nothing listens.
func (c *jugglerClient) connect(ctx context.Context, address string, o *juggler.ClientOptions) (*juggler.Client, error) {
	address = jugglerURL(address)
	down := func(err error) bool { return as[*socket.AddressError](err) == nil && as[*ws.RefusedError](err) == nil }
	var client *juggler.Client
	err := whileDown(ctx, time.Duration(c.transport.waitUp), down, func() (err error) {
		client, err = juggler.Connect(ctx, address, o)
		return err
	})
	return client, hintLogin(err)
}

// hintLogin names the flag that helps where the server wants a password.
func hintLogin(err error) error {
	if refused := as[*ws.RefusedError](err); refused != nil && refused.Status == http.StatusUnauthorized {
		as[*socket.Error](err).Hint = "wrong name or password, or none; give --user NAME with --password-file FILE"
	}
	return err
}

// jugglerEnded is the error for a connection that was lost while something was awaited.
func jugglerEnded(err error) error {
	if err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, juggler.ErrClosed) {
		return errClosed
	}
	if as[*juggler.ProtocolError](err) != nil {
		return &codedError{exitBroken, err}
	}
	return &codedError{exitClosed, err}
}

type jugglerCall struct {
	jugglerClient
	wait seconds
}

func newJugglerCall(e *env) *cobra.Command {
	c := &jugglerCall{jugglerClient: jugglerClient{e: e}}
	cmd := &cobra.Command{
		Use:   "call [flags] URL NAME [JSON]",
		Short: "send one request and print the data of its answer",
		Long: `Send a request with the data JSON, null by default, or what stdin has for "-".
The data of the answer is printed as JSON. An error answer goes to stderr, with
exit status 1. URL may be HOST:PORT for ws://HOST:PORT/ws.`,
		Example: `  chancat juggler call ws://localhost:23021/ws add '[1, 2]'
  chancat juggler call --user me --password-file pw wss://host/ws reload`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return exactArgs("URL", "NAME", "JSON")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.add(cmd)
	cmd.Flags().VarP(&c.wait, "wait", "w", "give up after this time (default: never)")
	return cmd
}

func (c *jugglerCall) run(ctx context.Context, args []string) error {
	data := []byte("null")
	if len(args) == 3 {
		data = []byte(args[2])
	}
	if string(data) == "-" {
		err := interruptible(ctx, func() (err error) {
			data, err = io.ReadAll(c.e.stdin)
			return err
		})
		if err != nil {
			return err
		}
	}
	if !json.Valid(data) {
		return usage(fmt.Errorf("the data %.40q is not JSON; a string needs its quotes", data))
	}
	o, err := c.options(ctx)
	if err != nil {
		return err
	}
	if c.wait > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(c.wait), errTimeout)
		defer cancel()
	}
	client, err := c.connect(ctx, args[0], o)
	if err != nil {
		if ctx.Err() != nil {
			return c.late(args[0], context.Cause(ctx))
		}
		return err
	}
	defer client.Close()
	answer, err := client.Send(ctx, args[1], json.RawMessage(data))
	switch fault := as[*juggler.Error](err); {
	case fault != nil:
		return &codedError{exitFailed, fmt.Errorf("the answer is an error: %s", fault.Data)}
	case err != nil && ctx.Err() != nil:
		return c.late(args[0], context.Cause(ctx))
	case err != nil:
		return jugglerEnded(err)
	}
	_, err = fmt.Fprintf(c.e.stdout, "%s\n", answer)
	return err
}

// late adds to the end of -w what did not come in time.
func (c *jugglerCall) late(address string, err error) error {
	if errors.Is(err, errTimeout) {
		return fmt.Errorf("%s: %w: no answer came within %v; a longer -w waits on", jugglerURL(address), err, time.Duration(c.wait))
	}
	return err
}
