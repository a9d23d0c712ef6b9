package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/repl"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/view"
)

// sessionFlags are those of the interactive session.
type sessionFlags struct {
	script    string
	onConnect string
	noHistory bool
}

func (f *sessionFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.script, "script", "", "read the lines and commands of an interactive session from `FILE`, - for stdin")
	flags.BoolVar(&f.noHistory, "no-history", false, "on a terminal: neither read nor keep the history of lines")
}

func (f *sessionFlags) addOnConnect(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.onConnect, "on-connect", "", "in a session: send the lines of `FILE`, with escapes, on each connection that is made")
}

// A sitting is what a session needs of this program.
type sitting struct {
	e         *env
	flags     *sessionFlags
	transport *transportFlags
	out       *outputFlags
	framing   framing.Framing

	over func() // to be called when the session is
}

// wanted reports whether the command is a session: at a terminal, or with a script.
func (s *sitting) wanted() bool {
	return s.flags.script != "" || s.e.interactive() && !s.out.json && s.out.out == ""
}

// check judges the flags before anything is connected.
func (s *sitting) check() error {
	if !s.wanted() {
		if s.flags.onConnect != "" {
			return usage(errors.New("--on-connect is for a session: at a terminal, or with --script"))
		}
		return nil
	}
	if _, err := view.Parse(orDefault(s.out.view, "auto")); err != nil {
		return usage(err)
	}
	if s.flags.script != "" && (s.out.json || s.out.out != "") {
		return usage(errors.New("--script is a session, which shows messages to a person; leave out --json and --out"))
	}
	return nil
}

// open returns a session; Run or Close ends it.
func (s *sitting) open(ctx context.Context, o repl.Options) (*repl.Session, error) {
	messages, err := s.onConnect()
	if err != nil {
		return nil, err
	}
	if o.Secrets, err = s.out.redact.parse(); err != nil {
		return nil, err
	}
	o.Side = s.out.side
	o.Framing, o.View, o.Palette, o.OnConnect = s.framing, s.out.view, s.e.palette, messages
	o.ASCII = !repl.UTF8Locale(s.e.getenv)
	o.Program, o.Getenv = "chancat "+version(), s.e.getenv
	o.Dial, o.Listen = s.dial, s.listen
	if err := s.setEditor(&o); err != nil {
		return nil, err
	}
	session, err := repl.New(ctx, o)
	if err != nil {
		o.Editor.Close()
		return nil, usage(err)
	}
	if s.out.filter != "" {
		if err := session.Filter(s.out.filter); err != nil {
			session.Close()
			return nil, usage(err)
		}
	}
	if s.out.record != "" {
		if err := session.Record(s.out.record, true); err != nil {
			session.Close()
			return nil, err
		}
	}
	return session, nil
}

func (s *sitting) setEditor(o *repl.Options) error {
	switch s.flags.script {
	case "":
		history := repl.HistoryPath(s.e.getenv)
		if s.flags.noHistory {
			history = ""
		}
		o.Editor = repl.NewEditor(repl.Config{In: s.e.stdin, Out: s.e.stdout, Prompt: "> ", History: history, Getenv: s.e.getenv})
		s.over = s.e.onStage(o.Editor)
		return nil
	case "-":
		o.Script = "stdin"
		o.Editor = repl.NewPlain(s.e.stdin, s.e.stdout)
	default:
		lines, err := os.ReadFile(s.flags.script)
		if err != nil {
			return err
		}
		o.Script = s.flags.script
		o.Editor = repl.NewPlain(bytes.NewReader(lines), s.e.stdout)
	}
	if !term.Is(s.e.stdout) {
		o.Palette = term.Palette{} // ours is that of stderr
	}
	return nil
}

// onConnect reads the messages of --on-connect.
func (s *sitting) onConnect() (messages [][]byte, err error) {
	if s.flags.onConnect == "" {
		return nil, nil
	}
	messages, err = repl.ReadMessages(s.flags.onConnect, s.framing.C2S.Max)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("--on-connect: %w", err))
	}
	return messages, err
}

func (s *sitting) dial(ctx context.Context, address string, max int) (*endpoint.Conn, error) {
	o, err := s.options(address, max)
	if err != nil {
		return nil, err
	}
	return endpoint.Dial(ctx, address, o)
}

func (s *sitting) listen(ctx context.Context, address string, max int) (endpoint.Listener, error) {
	o, err := s.options(address, max)
	if err != nil {
		return nil, err
	}
	return endpoint.Listen(ctx, address, o)
}

func (s *sitting) options(address string, max int) (*endpoint.Options, error) {
	if usesStdio(address) {
		return nil, errors.New("stdio: is the stream, and leaves no place for a session")
	}
	o, err := s.transport.options(s.e, address, max)
	if err == nil {
		s.prepare(o)
	}
	return o, err
}

// prepare makes o fit for a session: on a terminal, a child must not write into the
// line being typed.
func (s *sitting) prepare(o *endpoint.Options) {
	if term.Is(s.e.stderr) && s.flags.script == "" {
		o.Stderr = &childStderr{e: s.e}
	}
}

// over is how a session has ended, in the errors of the commands.
func over(err error) error {
	if broken := as[*repl.BrokenError](err); broken != nil {
		return located(broken.Where, broken.Err, broken.Fault)
	}
	if script := as[*repl.ScriptError](err); script != nil {
		return usage(script)
	}
	return err
}

func (c *connectCommand) sitting() *sitting {
	return &sitting{e: c.e, flags: &c.session, transport: &c.transport, out: &c.out, framing: c.framing, over: func() {}}
}

// sit is connect as a session.
func (c *connectCommand) sit(ctx context.Context, address string) error {
	t := c.sitting()
	defer func() { t.over() }()
	t.prepare(c.options)
	conn, err := dial(ctx, address, c.options, time.Duration(c.transport.waitUp))
	if err != nil {
		return err
	}
	if c.e.auto() {
		if c.framing, err = settle(ctx, c.e, conn, time.Duration(c.silence)); err != nil {
			conn.Close()
			return err
		}
		t.framing = c.framing
	}
	s, err := t.open(ctx, repl.Options{EndOnBroken: c.session.script != ""})
	if err != nil {
		conn.Close()
		return err
	}
	if err := s.Connected(ctx, address, conn); err != nil {
		s.Close()
		return err
	}
	return over(s.Run())
}

func (c *listenCommand) sitting() *sitting {
	return &sitting{e: c.e, flags: &c.session, transport: &c.transport, out: &c.out, framing: c.framing, over: func() {}}
}

// sit is listen as a session.
func (c *listenCommand) sit(ctx context.Context, address string, o *endpoint.Options) error {
	t := c.sitting()
	defer func() { t.over() }()
	t.prepare(o)
	l, err := c.listen(ctx, address, o)
	if err != nil {
		return err
	}
	s, err := t.open(ctx, repl.Options{Once: c.once, Answer: c.answer, Delivery: c.delivery, Gap: c.gap})
	if err != nil {
		l.Close()
		return err
	}
	s.Serve(l)
	return over(s.Run())
}
