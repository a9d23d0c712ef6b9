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
	msg  []byte
	err  error
	done chan<- struct{} // closed when msg is no longer needed
}

// shownBytes is how much of a message is quoted to identify it.
const shownBytes = 40

// reconnecting is connect --reconnect: stdin is read only while a connection is
// up, and a lost one is dialled again until stdin has ended.
func (c *connectCommand) reconnecting(ctx context.Context, l *link.Link, address string) error {
	messages := make(chan handed)
	go c.handOut(ctx, messages)
	var heard int64
	for {
		ended, err := c.conversation(ctx, l, messages, int64(c.want)-heard)
		heard += l.Heard()
		err = c.e.childStatus(l, located(orDefault(l.Remote(), address), err, l.Fault(err)))
		if ended || ctx.Err() != nil {
			return err
		}
		c.e.say("connection to %s lost: %v%s; dialling again", orDefault(l.Remote(), address), reason(err), c.mayBeLost())
		if l, err = c.redial(ctx, address); err != nil {
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
		case messages <- handed{msg, err, done}:
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
// or what was wanted.
func (c *connectCommand) conversation(ctx context.Context, l *link.Link, messages <-chan handed, want int64) (ended bool, err error) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	received := make(chan error, 1)
	go func() {
		x := &exchange{link: l, print: c.print, want: max(want, 0)}
		received <- x.receiveAll()
	}()
	for {
		select {
		case h, open := <-messages:
			if !open {
				return c.lastWords(l, received)
			}
			if h.err == nil {
				c.last = append(c.last[:0], h.msg[:min(len(h.msg), shownBytes)]...)
				h.err = c.input.failed(l.Send(h.msg))
			}
			close(h.done)
			if exitCode(h.err) == exitUsage {
				linger(l)
				return true, h.err
			}
			if h.err != nil {
				timer := time.AfterFunc(lingerMost, func() { l.Close() })
				defer timer.Stop()
				<-received // what had come before still counts
				return false, h.err
			}
		case err := <-received:
			return c.lost(l, err)
		}
	}
}

// lastWords half-closes after the end of stdin and receives what still comes.
func (c *connectCommand) lastWords(l *link.Link, received <-chan error) (ended bool, err error) {
	if err := l.CloseWrite(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return true, err
	}
	silence := time.Duration(c.silence)
	if silence == 0 && !l.HalfCloses() {
		silence = silenceDefault
	}
	if silence > 0 {
		timer := time.AfterFunc(silence, func() { l.Close() })
		defer timer.Stop()
	}
	ended, err = c.lost(l, <-received)
	if !ended && c.want > 0 {
		return true, fmt.Errorf("%w after %d of %d messages", errClosed, l.Heard(), c.want)
	}
	return true, err
}

func (c *connectCommand) lost(l *link.Link, err error) (ended bool, _ error) {
	switch {
	case errors.Is(err, errEnough):
		linger(l)
		return true, nil
	case err == io.EOF:
		return false, nil
	}
	return false, err
}

// mayBeLost names the last message that was sent: nobody knows whether it
// arrived.
func (c *connectCommand) mayBeLost() string {
	if c.input.count == 0 || c.last == nil {
		return ""
	}
	return fmt.Sprintf("; message %d (%s) may be lost", c.input.count, escape.AppendPrintable(nil, c.last))
}

// redial dials until a connection stands.
func (c *connectCommand) redial(ctx context.Context, address string) (*link.Link, error) {
	for wait, told := backoffStart, false; ; wait = min(2*wait, backoffMost) {
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
