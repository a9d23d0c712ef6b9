package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/text"
)

const (
	// lingerMost is how long a connection that we are done with stays open for
	// the peer to close: closing it with bytes unread would reset it, and a reset
	// can destroy what the peer has not read yet.
	lingerMost = time.Second

	// goneWait is how long a sender that waits for stdin has to find out that the peer
	// is gone; one that does not, and reads no more either, has goneIdle times as long.
	goneWait = 100 * time.Millisecond
	goneIdle = 50

	// receivedAtOnce is how many messages are taken from one read of the peer at a time.
	receivedAtOnce = 64

	// silenceDefault ends a conversation over a transport that has no half-close
	// to end it with.
	silenceDefault = time.Second
)

// An exchange is one connection in a pipe: messages of stdin go to the peer, and
// those of the peer to stdout.
type exchange struct {
	link     *link.Link
	batch    *link.Batch // what is sent, until beforeInput flushes it
	input    *input
	print    *printer
	want     int64         // messages after which it is over; 0 means all
	silence  time.Duration // of the peer after which it is over; 0 means any
	quit     limit         // after the end of the input, when it is over whatever comes
	lockstep bool

	replied  chan struct{}         // lockstep: a message came
	over     chan struct{}         // nothing more is received
	timedOut atomic.Bool           // the silence lasted
	unread   atomic.Pointer[error] // why the input ended before its end
}

// run returns when the conversation is over. nil means that it ended as it
// should. It leaves the link open.
func (x *exchange) run(ctx context.Context) error {
	x.replied = make(chan struct{}, 1)
	x.over = make(chan struct{})
	interrupt := context.AfterFunc(ctx, func() { x.link.Close() })
	defer interrupt()
	if x.watchesFromStart() {
		go x.watch()
	}
	sent := make(chan error, 1)
	go func() {
		err := x.sendAll()
		sent <- err
		if errors.Is(err, errTimeout) {
			x.link.Close() // what is received no longer matters
		}
	}()
	err := x.receiveAll()
	close(x.over)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch {
	case errors.Is(err, errEnough):
		x.linger()
		return x.badInput()
	case x.badInput() != nil && (err == io.EOF || x.timedOut.Load()):
		return x.badInput() // what was not sent is not answered
	case x.timedOut.Load():
		return x.silent(x.sendFailure(sent))
	case err == io.EOF && x.want > 0:
		return x.closedEarly()
	case err == io.EOF:
		return x.finishSending(ctx, sent)
	}
	if failed := x.sendFailure(sent); failed != nil && as[*frame.Error](err) == nil && alertOf(err) == nil {
		return failed // it came first, and the broken connection is what it left
	}
	return err
}

// errEnough says that the messages asked for have come.
var errEnough = errors.New("enough messages")

func (x *exchange) receiveAll() error {
	messages := make([][]byte, 0, receivedAtOnce)
	for heard := int64(0); ; {
		var err error
		if messages, err = x.link.RecvMany(messages[:0]); err != nil {
			return err
		}
		if x.want > 0 {
			messages = messages[:min(int64(len(messages)), x.want-heard)]
		}
		if err := x.print.all("", messages); err != nil {
			return err
		}
		if x.lockstep {
			select {
			case x.replied <- struct{}{}:
			default: // more than one reply: one is enough
			}
		}
		if heard += int64(len(messages)); heard == x.want {
			return errEnough
		}
	}
}

// sendAll sends the messages of stdin and half-closes at its end. An error that
// is about one message of the input ends the input; the earlier ones are sent.
func (x *exchange) sendAll() error {
	var failed error
	for failed == nil {
		msg, err := x.input.next()
		if err == io.EOF {
			break
		}
		if err == nil {
			if err = x.send(msg); err != nil {
				err = x.input.failed(err)
			}
		}
		failed = err
	}
	if failed != nil {
		if !inputFailed(failed) {
			return failed
		}
		x.unread.Store(&failed) // before the half-close, which can end all the rest
	}
	watched := x.watchesFromStart()
	err := x.batch.Flush()
	if err == nil {
		err = x.link.CloseWrite()
	}
	switch {
	case errors.Is(err, errors.ErrUnsupported), failed != nil:
		if x.silence == 0 && !x.quit.given { // nothing else would end it: or the input is at fault, and answers are not worth a long wait
			x.silence = silenceDefault
		}
	default:
		failed = err
	}
	if x.quit.given {
		time.AfterFunc(time.Duration(x.quit.seconds), x.end)
	}
	if x.silence > 0 && !watched && (x.want == 0 || x.badInput() != nil) {
		go x.watch()
	}
	return failed
}

// inputFailed reports whether err, with which sending has ended, is about the
// input and not about the connection, which can be a pipe.
func inputFailed(err error) bool {
	file := as[*os.PathError](err)
	return as[*text.InputError](err) != nil || file != nil && file.Op == "read"
}

func (x *exchange) send(msg []byte) error {
	if !x.lockstep {
		return x.batch.Send(msg) // beforeInput flushes it
	}
	select {
	case <-x.replied: // what came before is no reply to this
	default:
	}
	if err := x.link.Send(msg); err != nil {
		return err
	}
	var expired <-chan time.Time
	if x.silence > 0 {
		t := time.NewTimer(x.silence)
		defer t.Stop()
		expired = t.C
	}
	select {
	case <-x.replied:
		return nil
	case <-x.over:
		return fmt.Errorf("%w without a reply to message %d", errClosed, x.input.count)
	case <-expired:
		return fmt.Errorf("%w: no reply to message %d within %v", errTimeout, x.input.count, x.silence)
	}
}

// watchesFromStart reports whether the silence of the peer counts from the start:
// where messages are owed. Else it counts from the end of the input.
func (x *exchange) watchesFromStart() bool { return x.want > 0 && x.silence > 0 }

// watch closes the link when no message has come for the time of silence.
func (x *exchange) watch() {
	const steps = 10
	tick := time.NewTicker(max(x.silence/steps, time.Millisecond))
	defer tick.Stop()
	heard, since := x.link.Heard(), time.Now()
	for {
		select {
		case <-x.over:
			return
		case now := <-tick.C:
			if n := x.link.Heard(); n != heard {
				heard, since = n, now
			} else if now.Sub(since) >= x.silence {
				x.end()
				return
			}
		}
	}
}

// end closes the link because nothing more is waited for.
func (x *exchange) end() {
	x.timedOut.Store(true)
	x.link.Close()
}

// silent is the end by silence: a failure only if messages are owed.
func (x *exchange) silent(sendFailure error) error {
	if x.want > 0 {
		return fmt.Errorf("%w: %d of %d messages came within %v", errTimeout, x.link.Heard(), x.want, max(x.silence, time.Duration(x.quit.seconds)))
	}
	return sendFailure
}

// closedEarly is the end by the peer while messages are owed.
func (x *exchange) closedEarly() error {
	return fmt.Errorf("%w after %d of %d messages", errClosed, x.link.Heard(), x.want)
}

// finishSending goes on with the input after the peer has ended its side, which
// may be but a half-close.
func (x *exchange) finishSending(ctx context.Context, sent <-chan error) error {
	if err := x.print.flush(); err != nil {
		return err
	}
	if !x.link.HalfCloses() {
		return x.sendFailure(sent)
	}
	select {
	case err := <-sent:
		return err
	case <-x.link.Gone():
		idle := 0 // a sender that is slow is not idle
		for before := int64(-1); idle < goneIdle; {
			turn := x.input.turn.Load()
			switch {
			case turn == before && waiting(turn):
				return nil // nothing is lost
			case turn == before:
				idle++
			default:
				before, idle = turn, 0
			}
			select {
			case err := <-sent:
				return err
			case <-time.After(goneWait):
			}
		}
		return fmt.Errorf("%w before all was sent", errClosed)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// sendFailure is the error that sending has ended with, if it has.
func (x *exchange) sendFailure(sent <-chan error) error {
	select {
	case err := <-sent:
		return err
	default:
		return x.badInput()
	}
}

// badInput is what is wrong with the input, if anything is: a message that does not
// parse, or that the framing cannot carry.
func (x *exchange) badInput() error {
	if err := x.unread.Load(); err != nil {
		return *err
	}
	return nil
}

// linger half-closes and reads on for a moment.
func (x *exchange) linger() {
	x.print.flush()
	linger(x.link)
}

// linger flushes and half-closes a link that we are done with, and discards what
// still comes until the peer closes or a moment has passed.
func linger(l *link.Link) {
	timer := time.AfterFunc(lingerMost, func() { l.Close() })
	defer timer.Stop()
	if l.CloseWrite() == nil {
		discard(l)
	}
}

// discard drops what the peer still says, until it closes or l is closed, and returns
// the error that ended it.
func discard(l *link.Link) error {
	for {
		if _, err := l.Recv(); as[*frame.Error](err) != nil {
			l.Discard() // a reset is no answer to frames that nobody wants
			return err
		} else if err != nil {
			return err
		}
	}
}

// childStatus closes conn. The status of a child at its other end is the error
// unless there is one already; then it is told beside it.
func (e *env) childStatus(conn interface {
	Close() error
	Wait() error
}, err error) error {
	conn.Close()
	status := conn.Wait()
	if child := as[*endpoint.ExitError](status); child != nil && child.Stopped {
		status = nil // our doing, not its failure
	}
	if err == nil {
		return status
	}
	if status != nil && as[*signalError](err) == nil {
		e.warn(status)
	}
	return err
}
