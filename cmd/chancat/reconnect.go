package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/internal/text/escape"
)

// A typed message of the input, handed to whichever connection is up.
type handed struct {
	number int
	msg    []byte
	err    error
	done   chan<- struct{} // closed when msg is no longer needed
}

// shownBytes is how much of a message is quoted to identify it.
const shownBytes = 40

// reconnecting is connect --reconnect: stdin is read only while a connection is
// up, and a lost one is dialled again until stdin has ended.
func (c *connectCommand) reconnecting(ctx context.Context, l *link.Link, address string) error {
	messages := make(chan handed)
	go c.handOut(ctx, messages)
	var heard int64
	for wait := backoffStart; ; wait = min(2*wait, backoffMost) {
		began := time.Now()
		ended, err := c.conversation(ctx, l, messages, heard)
		heard += l.Heard()
		err = c.e.childStatus(l, located(orDefault(l.Remote(), address), err, l.Fault(err)))
		if ended || ctx.Err() != nil {
			return err
		}
		c.e.say("connection to %s lost: %v%s; dialling again", orDefault(l.Remote(), address), reason(err), c.mayBeLost())
		if time.Since(began) > wait { // else it closes whatever connects
			wait = backoffStart
		}
		if l, err = c.redial(ctx, address, wait); err != nil {
			return err
		}
	}
}

func reason(err error) error {
	if err == nil {
		return errClosed
	}
	return err
}

// handOut reads stdin, one message at a time for whoever asks.
func (c *connectCommand) handOut(ctx context.Context, messages chan<- handed) {
	defer close(messages)
	for {
		msg, err := c.input.next()
		if err == io.EOF {
			return
		}
		done := make(chan struct{})
		select {
		case messages <- handed{c.input.count, msg, err, done}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		<-done
	}
}

// conversation uses one connection until it is lost, or all has ended: stdin,
// or what was wanted, of which so many messages were heard before.
func (c *connectCommand) conversation(ctx context.Context, l *link.Link, messages <-chan handed, heard int64) (ended bool, err error) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	x := &exchange{link: l, print: c.print, silence: time.Duration(c.silence), over: make(chan struct{})}
	if c.want > 0 {
		x.want = int64(c.want) - heard
	}
	if x.watchesFromStart() {
		go x.watch()
	}
	received := make(chan error, 1)
	go func() {
		err := x.receiveAll()
		close(x.over)
		received <- err
	}()
	for {
		select {
		case h, open := <-messages:
			if !open {
				return c.lastWords(x, received)
			}
			if h.err == nil {
				c.last, c.lastNumber = append(c.last[:0], h.msg[:min(len(h.msg), shownBytes)]...), h.number
				h.err = c.input.failed(l.Send(h.msg))
			}
			close(h.done)
			if h.err != nil {
				return c.unsent(x, received, h.err)
			}
		case err := <-received:
			return c.lost(x, err)
		}
	}
}

// unsent ends a conversation in which sending has failed, after what the peer has
// said before. Where stdin is at fault, another connection would not help.
func (c *connectCommand) unsent(x *exchange, received <-chan error, failed error) (ended bool, err error) {
	timer := time.AfterFunc(lingerMost, func() { x.link.Close() })
	defer timer.Stop()
	badInput := inputFailed(failed)
	if badInput {
		x.link.CloseWrite()
	}
	ended, err = c.lost(x, <-received)
	if ended && !badInput {
		return true, err
	}
	return badInput, failed
}

// lastWords half-closes after the end of stdin and receives what still comes.
func (c *connectCommand) lastWords(x *exchange, received <-chan error) (ended bool, err error) {
	if err := x.link.CloseWrite(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		_, err = c.unsent(x, received, err)
		return true, err
	}
	if x.silence == 0 && !x.link.HalfCloses() {
		x.silence = silenceDefault
	}
	if x.silence > 0 && x.want == 0 {
		go x.watch()
	}
	ended, err = c.lost(x, <-received)
	if !ended && err == nil && x.want > 0 {
		err = x.closedEarly()
	}
	return true, err
}

// lost judges how receiving has ended.
func (c *connectCommand) lost(x *exchange, err error) (ended bool, _ error) {
	switch {
	case errors.Is(err, errEnough):
		linger(x.link)
		return true, nil
	case x.timedOut.Load():
		return true, x.silent(nil)
	case err == io.EOF:
		return false, nil
	}
	return as[*outputError](err) != nil, err
}

// mayBeLost names the last message that was sent: nobody knows whether it
// arrived.
func (c *connectCommand) mayBeLost() string {
	if c.last == nil {
		return ""
	}
	return fmt.Sprintf("; message %d (%s) may be lost", c.lastNumber, escape.AppendPrintable(nil, c.last))
}

// redial dials until a connection stands, after a first wait.
func (c *connectCommand) redial(ctx context.Context, address string, wait time.Duration) (*link.Link, error) {
	for told := false; ; wait = min(2*wait, backoffMost) {
		if err := pause.For(ctx, wait); err != nil {
			return nil, err
		}
		l, err := c.dial(ctx, address, 0)
		if err == nil {
			return l, nil
		}
		if !told {
			c.e.say("%v; trying again", err)
			told = true
		}
	}
}
