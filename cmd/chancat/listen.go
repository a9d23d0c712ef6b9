package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/text/escape"
	"github.com/chancat/channel/session"
)

// maxConnsDefault bounds the clients that are served at once; more wait.
const maxConnsDefault = 4096

type listenCommand struct {
	e         *env
	transport transportFlags
	in        inputFlags
	out       outputFlags
	session   sessionFlags
	portFile  string
	once      bool
	maxConns  int
	echo      bool
	reply     string
	replies   bool // --reply was given; it may be empty
	escapes   bool
	exec      string
	deliver   string
	gap       time.Duration
	silence   seconds
	quit      limit
	reusePort bool

	framing  framing.Framing
	delivery mutate.Delivery
	answer   answerer // nil: none
	print    *printer
	clients  *clients
}

func newListen(e *env) *cobra.Command {
	c := &listenCommand{e: e}
	cmd := &cobra.Command{
		Use:   "listen [flags] ADDR",
		Short: "wait for clients: stdin goes to all, their messages to stdout",
		Long: `Listen on ADDR; a bare port listens on localhost, 0.0.0.0:PORT on every
interface. stdout has the messages of all clients, and every message of stdin
goes to each. A client that ends its side is served until its replies, and what
stdin still has, are sent.`,
		Example: `  chancat listen 5000
  chancat listen -f line --once 127.0.0.1:0 --port-file port > received.txt
  chancat listen --echo unix:/tmp/sock
  chancat listen -f u32be --exec 'tr a-z A-Z' 5000
  chancat listen --echo --deliver each-byte 5000`,
		Args:              exactArgs("ADDR"),
		ValidArgsFunction: completeListen,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.replies = cmd.Flags().Changed("reply")
			return c.run(cmd.Context(), args[0])
		},
	}
	c.transport.addListen(cmd)
	c.in.add(cmd)
	c.out.add(cmd)
	c.out.addRecord(cmd, session.Server)
	c.session.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&c.portFile, "port-file", "", "write the port to `FILE` once clients can connect")
	flags.BoolVar(&c.once, "once", false, "serve one client and end")
	flags.IntVar(&c.maxConns, "max-conns", maxConnsDefault, "serve at most `N` clients at once")
	flags.BoolVar(&c.echo, "echo", false, "send every message back")
	flags.StringVar(&c.reply, "reply", "", "answer every message with `TEXT`")
	flags.BoolVarP(&c.escapes, "escapes", "e", false, `TEXT of --reply has escapes: \n \r \t \0 \\ \xNN \u{...}`)
	flags.StringVar(&c.exec, "exec", "", "answer every message with what the shell line `CMD` makes of it")
	flags.StringVar(&c.deliver, "deliver", "", "`HOW` to send in awkward pieces: each-byte, split, merge[:N] or random:SEED")
	addTime(flags, &c.gap, "gap", mutate.DefaultGap, "pause between the pieces of --deliver")
	flags.VarP(&c.silence, "wait", "w", "wait this long for more of stdin after a client has ended its side (default 500ms); on UDP, a client that is silent for so long is gone (default 1m)")
	flags.Var(&c.quit, "quit-after", "with --once: end so long after the end of stdin, once a client has come")
	flags.BoolVar(&c.reusePort, "reuse-port", false, "share the port with other listeners (SO_REUSEPORT)")
	cmd.MarkFlagsMutuallyExclusive("echo", "reply", "exec")
	cmd.RegisterFlagCompletionFunc("deliver", completeDelivery())
	return cmd
}

func (c *listenCommand) run(ctx context.Context, address string) (err error) {
	if c.framing, err = c.e.parseFraming(); err != nil {
		return err
	}
	if c.deliver != "" {
		if c.delivery, err = mutate.ParseDelivery(c.deliver); err != nil {
			return usage(fmt.Errorf("--deliver %w", err))
		}
		if isWebSocket(address) || isUDP(address) {
			return usage(fmt.Errorf("--deliver cuts a stream of bytes, and %s has only whole messages", address))
		}
	}
	if c.quit.given && !c.once {
		return usage(errors.New("--quit-after ends a listener of one client: it needs --once"))
	}
	if c.maxConns < 1 {
		return usage(fmt.Errorf("--max-conns %d: want at least 1", c.maxConns))
	}
	if c.answer, err = c.answerer(); err != nil {
		return err
	}
	options, err := c.transport.listenOptions(c.e, address, c.framing.C2S.Max)
	if err != nil {
		return err
	}
	options.ReusePort, options.Idle = c.reusePort, time.Duration(c.silence)
	if usesStdio(address) && c.answer == nil {
		return usage(errors.New("stdio: is the stream, and leaves no place for messages; give --echo, --reply or --exec"))
	}
	if err := c.sitting().check(); err != nil {
		return err
	}
	if c.sitting().wanted() {
		return c.sit(ctx, address, options)
	}
	printEnv := *c.e
	if usesStdio(address) {
		printEnv.stdout = c.e.stderr
	}
	if c.print, err = c.out.open(&printEnv, c.framing.Spelling); err != nil {
		return err
	}
	if usesStdio(address) {
		return interruptible(ctx, func() error { return c.print.closeAfter(c.serve(ctx, address, options)) })
	}
	return c.print.closeAfter(c.serve(ctx, address, options))
}

func (c *listenCommand) answerer() (answerer, error) {
	switch {
	case c.echo:
		return echo, nil
	case c.replies:
		reply := []byte(c.reply)
		if c.escapes {
			var err error
			if reply, err = escape.Unescape(nil, reply); err != nil {
				return nil, usage(fmt.Errorf("--reply: %w", err))
			}
		}
		return fixed(reply), nil
	case c.exec != "":
		return shell(c.e, c.exec, c.framing.S2C.Max), nil
	}
	return nil, nil
}

// listen opens the listener and tells where it is.
func (c *listenCommand) listen(ctx context.Context, address string, o *endpoint.Options) (endpoint.Listener, error) {
	l, err := endpoint.Listen(ctx, address, o)
	if err != nil {
		return nil, err
	}
	if err := announce(c.e, l, c.portFile); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// announce prints the real address of l, and writes its port to portFile.
func announce(e *env, l endpoint.Listener, portFile string) error {
	if f := l.Fingerprint(); f != "" {
		e.say("self-signed certificate, SHA-256 fingerprint %s", f)
	}
	return announceAt(e, l.Addr(), l.Port(), portFile)
}

// announceAt prints address, and writes port to portFile.
func announceAt(e *env, address string, port int, portFile string) error {
	fmt.Fprintf(e.stderr, "listening on %s\n", address)
	if portFile == "" {
		return nil
	}
	return replaceFile(portFile, fmt.Sprintln(port))
}

// serve accepts clients until the context ends or, with --once, one has gone.
func (c *listenCommand) serve(ctx context.Context, address string, o *endpoint.Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	input, err := c.in.open(stdinOf(c.e, address), c.framing.S2C, func() error { c.print.flushEvents(); return nil })
	if err != nil {
		return err
	}
	l, err := c.listen(ctx, address, o)
	if err != nil {
		return err
	}
	defer l.Close()
	c.clients = newClients(input)
	go func() {
		if err := c.clients.broadcast(); err != nil && !c.once {
			c.e.warn(err)
		}
		if c.quit.given && c.once {
			c.clients.flush()
			time.AfterFunc(time.Duration(c.quit.seconds), func() { cancel(errQuit) })
		}
	}()
	if c.once {
		c.print.alone = true
		return c.serveOne(ctx, l)
	}
	return acceptEach(ctx, c.e, l, c.maxConns, func(conn *endpoint.Conn, number int) {
		err := c.client(ctx, conn, number)
		if output := as[*outputError](err); output != nil {
			cancel(output)
		} else if ctx.Err() == nil {
			c.e.tell(err)
		}
	})
}

// errQuit says that --quit-after has passed.
var errQuit = errors.New("the time after the end of stdin has passed")

// serveOne is listen --once.
func (c *listenCommand) serveOne(ctx context.Context, l endpoint.Listener) error {
	conn, err := acceptOne(ctx, l)
	if err != nil {
		return err
	}
	err = c.client(ctx, conn, 1)
	if ctx.Err() != nil && context.Cause(ctx) != errQuit {
		return context.Cause(ctx)
	}
	if failed := c.clients.failure(); err == nil || ctx.Err() != nil {
		return failed
	}
	return err
}

// client serves one client until it is gone. The error is nil when it ended its
// side between two messages.
func (c *listenCommand) client(ctx context.Context, conn *endpoint.Conn, number int) error {
	c.e.note("client %d connected from %s", number, conn.Remote)
	l := c.link(ctx, conn, number)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	c.clients.add(l)
	err := c.receive(ctx, l)
	if err == nil && c.answer == nil {
		err = c.clients.drain(ctx, l, time.Duration(c.silence))
	}
	c.clients.remove(l)
	if err == nil {
		l.CloseWrite() // what fails now has no one left to hear it
	}
	err = located(orDefault(l.Remote(), fmt.Sprint("client ", number)), err, l.Fault(err))
	if failed := c.print.flushed(); failed != nil {
		err = failed
	}
	c.e.note("client %d is gone", number)
	return c.e.childStatus(l, err)
}

func (c *listenCommand) link(ctx context.Context, conn *endpoint.Conn, number int) *link.Link {
	return link.New(ctx, conn, link.Options{
		Framing: c.framing, Server: true, Number: number,
		Observe: c.print.observer(), Reads: c.out.record != "",
		BeforeRead: c.print.flushed,
		Delivery:   c.delivery, Gap: c.gap,
	})
}

func (c *listenCommand) receive(ctx context.Context, l *link.Link) error {
	where := ""
	if !c.once {
		where = fmt.Sprintf("[%d] ", l.Number())
	}
	most := receivedAtOnce
	if c.answer != nil {
		most = 1 // what is printed and what is answered takes turns
	}
	messages := make([][]byte, 0, most)
	for {
		var err error
		if messages, err = l.RecvMany(messages[:0]); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := c.print.all(where, messages); err != nil {
			return err
		}
		if c.answer == nil {
			continue
		}
		reply, err := c.answer(ctx, messages[0])
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			c.e.warn(err)
			continue
		}
		if err := l.SendQueued(reply); err != nil {
			return err
		}
	}
}
