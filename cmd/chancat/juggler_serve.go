package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/child"
	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/proto/juggler"
)

const (
	statePoll       = 250 * time.Millisecond
	maxAnswer       = 16 << 20 // bytes of CMD's stdout
	jugglerShutdown = 2 * time.Second
)

type jugglerServe struct {
	e        *env
	options  juggler.ServerOptions
	wire     wireFlag
	pem      string
	state    string
	proxies  []string
	flush    time.Duration
	portFile string
}

func newJugglerServe(e *env) *cobra.Command {
	c := &jugglerServe{e: e}
	cmd := &cobra.Command{
		Use:   "serve [flags] ADDR [-- CMD ARGS]",
		Short: "answer requests with a command, mirror a file into clients",
		Long: `Serve the protocol at /ws. CMD answers each request: the name is its last
argument, the data is JSON on its stdin, and its stdout is the data of the
answer as JSON. Another exit status than 0 makes it an error answer, with the
data of stdout, if any. Without CMD each request is answered with an error.

--state mirrors a file of JSON into all clients. Replace the file by renaming
another, so that nobody reads half of it.`,
		Example: `  chancat juggler serve --state state.json --static page 127.0.0.1:23021
  chancat juggler serve --htpasswd users --pem cert.pem 0.0.0.0:443 -- ./answer`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch dash := cmd.ArgsLenAtDash(); {
			case len(args) == 0 || dash == 0:
				return usage(fmt.Errorf("ADDR is missing; see '%s --help'", cmd.CommandPath()))
			case dash < 0 && len(args) > 1 || dash > 1:
				return usage(fmt.Errorf("unexpected argument %q; the command stands behind '--'", args[1]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	flags := cmd.Flags()
	flags.Var(&c.wire, "wire", "version of the wire: 0.6, 0.7, or auto: as the client begins")
	cmd.RegisterFlagCompletionFunc("wire", cobra.FixedCompletions([]string{"0.6", "0.7", "auto"}, cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&c.portFile, "port-file", "", "write the port to `FILE` once clients can connect")
	flags.StringVar(&c.state, "state", "", "mirror the JSON in `FILE`, and each change of it")
	addTime(flags, &c.flush, "autoflush", 200*time.Millisecond, "collect changes of the state for this long; 0: send each at once")
	flags.BoolVar(&c.options.Parallel, "parallel", false, "answer requests of one client in the order in which they are done")
	flags.StringVar(&c.options.Static, "static", "", "serve the files in `DIR`")
	flags.StringVar(&c.options.Index, "index", "/index.html", "the `PATH` that '/' is redirected to, with --static")
	flags.StringVar(&c.options.Htpasswd, "htpasswd", "", "let in only the users of `FILE`, with hashes $apr1$ or bcrypt")
	flags.StringVar(&c.pem, "pem", "", "serve over TLS with the certificate and the key in `FILE`")
	flags.StringArrayVar(&c.options.Origins, "origin", nil, "let pages of `HOST` connect too, beside those served here")
	flags.StringArrayVar(&c.proxies, "trusted-proxy", nil, "believe Forwarded and X-Forwarded-For of this `ADDR` or network")
	return cmd
}

func (c *jugglerServe) run(ctx context.Context, address string, command []string) error {
	if err := c.configure(command); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.state != "" {
		c.options.State = juggler.NewState()
		f := &stateFile{path: c.state, state: c.options.State}
		if err := f.load(); err != nil {
			return err
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.follow(ctx, c.e)
		}()
		defer func() { cancel(nil); <-done }()
	}
	s, err := juggler.Listen(ctx, address, &c.options)
	if err != nil {
		return err
	}
	defer s.Close()
	port := s.Addr().(*net.TCPAddr).Port
	if err := announceAt(c.e, s.URL(), port, c.portFile); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *jugglerServe) configure(command []string) (err error) {
	o := &c.options
	o.Wire = juggler.Wire(c.wire)
	o.ShutdownTimeout = jugglerShutdown
	if o.Autoflush = c.flush; c.flush <= 0 {
		o.Autoflush = juggler.FlushEachChange
	}
	if c.pem != "" {
		if o.TLS, err = juggler.LoadPEM(c.pem); err != nil {
			return &codedError{exitConnect, fmt.Errorf("--pem %s: %w", c.pem, err)}
		}
	}
	for _, text := range c.proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return usage(fmt.Errorf("--trusted-proxy %q: want an IP address or a network such as 10.0.0.0/8", text))
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		o.TrustedProxies = append(o.TrustedProxies, p)
	}
	if len(command) > 0 {
		if _, err := exec.LookPath(command[0]); err != nil {
			return &codedError{exitConnect, err}
		}
		o.OnRequest = jugglerCommand(c.e, command)
	}
	o.Logger = c.e.logger()
	return nil
}

// jugglerCommand answers requests with a command, of which not many run at once.
func jugglerCommand(e *env, command []string) juggler.Handler {
	slots := make(chan struct{}, 4*runtime.GOMAXPROCS(0))
	return func(ctx context.Context, _ *juggler.Connection, name string, data json.RawMessage) (any, error) {
		if strings.Contains(name, "\x00") {
			return nil, errors.New("a name with a NUL cannot be an argument of a command")
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		defer func() { <-slots }()
		words := append(command[1:len(command):len(command)], name)
		cmd := exec.CommandContext(ctx, command[0], words...)
		cmd.Stderr = e.stderr
		out, err := child.Output(cmd, data, maxAnswer)
		answer := bytes.TrimSpace(out)
		switch {
		case err != nil && json.Valid(answer):
			return nil, &juggler.Error{Data: answer}
		case err != nil && len(answer) > 0:
			return nil, errors.New(string(answer))
		case err != nil:
			return nil, err // such as "exit status 3"
		case len(answer) == 0:
			return nil, nil
		case !json.Valid(answer):
			e.warn(fmt.Errorf("request %q: the command's output is not JSON: %.60q", name, answer))
			return nil, errors.New("the answer is not JSON")
		}
		return json.RawMessage(answer), nil
	}
}

// A stateFile is mirrored into a state.
type stateFile struct {
	path  string
	state *juggler.State
	info  os.FileInfo // when it was read last
}

// load reads the file into the state.
func (f *stateFile) load() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	f.info = info
	text, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	if err := f.state.Set(json.RawMessage(text)); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// follow reads the file again when it has changed, until ctx ends. While it cannot
// be read the state stays as it is.
func (f *stateFile) follow(ctx context.Context, e *env) {
	missing := false
	for pause.For(ctx, statePoll) == nil {
		info, err := os.Stat(f.path)
		if err != nil {
			if !missing {
				e.warn(fmt.Errorf("%w; the state stays as it is", err))
			}
			missing = true
			continue
		}
		missing = false
		if os.SameFile(info, f.info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size() {
			continue
		}
		if err := f.load(); err != nil {
			e.warn(fmt.Errorf("%w; the state stays as it is", err))
		}
	}
}
