package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/repl"
	"github.com/chancat/channel/view"
)

// newSession returns a session at our terminal; v is the --view. Its Editor must
// be closed, which gives the terminal back.
func newSession(e *env, v string) (*repl.Session, error) {
	show, err := view.Parse(orDefault(v, "auto"))
	if err != nil {
		return nil, usage(err)
	}
	editor := repl.NewEditor(repl.Config{
		In: e.stdin, Out: e.stdout, Prompt: "> ",
		History: repl.HistoryPath(e.getenv), Getenv: e.getenv,
	})
	return &repl.Session{Editor: editor, Palette: e.palette, View: show}, nil
}

// session is connect on a terminal.
func (c *connectCommand) session(ctx context.Context, address string) error {
	s, err := newSession(c.e, c.out.view)
	if err != nil {
		return err
	}
	defer s.Editor.Close()
	if c.print, err = c.out.open(c.e, c.framing.Spelling); err != nil { // for --record
		return err
	}
	l, err := c.dial(ctx, address, time.Duration(c.transport.waitUp))
	if err != nil {
		return c.print.closeAfter(err)
	}
	s.Send, s.CloseWrite = l.Send, l.CloseWrite
	s.Compose = func(typed []byte) ([]byte, error) { return compose(c.framing.C2S.Codec, typed) }
	s.Note("connected to %s, framing %s; /help lists the commands, Ctrl-D half-closes, again quits", orDefault(l.Remote(), address), c.framing.Spelling)
	over := make(chan error, 1)
	go func() {
		err := show(s, l, "")
		if err == nil {
			s.Note("the peer has closed its side")
		}
		over <- err
	}()
	err = runSession(ctx, s, over)
	return c.print.closeAfter(c.e.childStatus(l, err))
}

// session is listen on a terminal.
func (c *listenCommand) session(ctx context.Context, address string, o *endpoint.Options) error {
	s, err := newSession(c.e, c.out.view)
	if err != nil {
		return err
	}
	defer s.Editor.Close()
	if c.print, err = c.out.open(c.e, c.framing.Spelling); err != nil {
		return err
	}
	l, err := c.listen(ctx, address, o)
	if err != nil {
		return c.print.closeAfter(err)
	}
	defer l.Close()
	c.clients = newClients(nil)
	s.Send = c.clients.sendAll
	s.Compose = func(typed []byte) ([]byte, error) { return compose(c.framing.S2C.Codec, typed) }
	s.CloseWrite = func() error { return nil }
	over := make(chan error, 1)
	go func() { over <- c.welcome(ctx, s, l) }()
	return c.print.closeAfter(runSession(ctx, s, over))
}

// welcome accepts clients and shows what they send.
func (c *listenCommand) welcome(ctx context.Context, s *repl.Session, listener endpoint.Listener) error {
	for number := 1; ; number++ {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		l := c.link(ctx, conn, number)
		serve := func() {
			s.Note("client %d connected from %s", number, orDefault(conn.Remote, "nowhere with a name"))
			c.clients.add(l)
			err := c.converse(ctx, s, l)
			c.clients.remove(l)
			if err == nil {
				l.CloseWrite()
			}
			l.Close()
			s.Note("client %d is gone%s", number, because(err))
		}
		if c.once {
			listener.Close()
			serve()
			return nil
		}
		go serve()
	}
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// converse shows what a client sends, and answers as the flags ask.
func (c *listenCommand) converse(ctx context.Context, s *repl.Session, l *link.Link) error {
	for {
		msg, err := l.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		s.Received(fmt.Sprintf("[%d] ", l.Number()), msg)
		if c.answer == nil {
			continue
		}
		reply, err := c.answer(ctx, msg)
		if err != nil {
			s.Note("%v", err)
		} else if err := l.Send(reply); err != nil {
			return err
		}
	}
}

// show prints what arrives on l until its end.
func show(s *repl.Session, l *link.Link, where string) error {
	for {
		msg, err := l.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return located("the peer", err, l.Buffered())
		}
		s.Received(where, msg)
	}
}

// runSession runs s until the person ends it, a signal does, or the connection
// fails.
func runSession(ctx context.Context, s *repl.Session, over <-chan error) error {
	typed := make(chan error, 1)
	go func() { typed <- s.Run() }()
	for {
		select {
		case err := <-typed:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-over:
			if err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			over = nil // the person decides when the session ends
		}
	}
}
