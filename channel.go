// Package channel sends and receives whole messages over byte streams.
//
// The default framing, MSG, writes each message as
//
//	CR LF "MSG " length CR LF bytes
//
// so "hi" travels as "\r\nMSG 2\r\nhi" (docs/spec.md §2). Package framing has
// many more; any of them goes into [Options].
//
// A [Channel] is safe for concurrent use. Sending and receiving have a lock each,
// so a blocked Recv never delays Send, and the frames of two Sends never mix.
package channel

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/bytepipe"
	"github.com/chancat/channel/internal/sender"
)

const (
	// pipeSize is what one end of a Pipe can send before the other receives.
	pipeSize = 64 << 10

	// drainLimit is how long Close lets frames of SendBuffered leave.
	drainLimit = time.Second
)

// A Channel is a stream of messages in both directions.
type Channel struct {
	rwc    io.ReadWriteCloser
	sender *sender.Sender

	recvMu  sync.Mutex // guards reader; apart from the sender's lock so that a blocked Recv never delays Send
	reader  *frame.Reader
	waiting atomic.Int32 // receives that wait for recvMu
}

// New returns a Channel over rwc, which it then owns. nil options mean defaults.
func New(rwc io.ReadWriteCloser, o *Options) *Channel {
	return &Channel{
		rwc:    rwc,
		sender: sender.New(rwc, o.sendCodec()),
		reader: frame.NewReader(rwc, o.codec(), o.maxMessage()),
	}
}

// Pipe returns the two ends of a connection in memory, for tests. Each direction
// holds 64 KiB before a Send blocks.
func Pipe(o *Options) (*Channel, *Channel) {
	a, b := bytepipe.Pair(pipeSize)
	return New(a, o), New(b, o)
}

// Send writes msg as one message. When it returns nil the bytes are with the
// stream; an error is that of its own write. Sends that wait for each other's
// writes share one. After a failed write the stream may have ended inside a
// frame, so every later send returns that error; what the peer has said before can
// still be received. An error that wraps
// [frame.ErrUnsendable] says that the framing cannot carry msg; nothing was
// written then, and the channel lives on.
func (c *Channel) Send(msg []byte) error { return c.sender.Send(msg) }

// SendBuffered queues msg and returns before it is written; it copies msg. It
// keeps its place in the order of Sends. The queue is flushed at once when the
// stream is idle, and as fast as the stream takes it otherwise; with 256 KiB
// queued SendBuffered blocks. A message larger than that is written before
// SendBuffered returns, uncopied; one that the framing escapes is queued like any
// other. A failed write is reported by the next SendBuffered, Send, Flush, CloseWrite
// or Close.
func (c *Channel) SendBuffered(msg []byte) error { return c.sender.SendBuffered(msg) }

// Flush returns when everything queued by SendBuffered is with the stream.
func (c *Channel) Flush() error { return c.sender.Flush() }

// Recv returns the next message, which the caller owns. The error is io.EOF where
// the peer ended the stream between two messages, and a [*frame.Error] with the
// offsets of the frame and the byte where a frame is broken or cut off (then it
// wraps io.ErrUnexpectedEOF). A broken frame ends the channel: every later
// receive returns the same error, and every later send one that wraps it.
func (c *Channel) Recv() ([]byte, error) {
	c.lockRecv()
	defer c.recvMu.Unlock()
	msg, err := c.reader.NextMessage()
	if err != nil {
		c.ended(err)
		return nil, err
	}
	return append(make([]byte, 0, len(msg)), msg...), nil
}

// RecvInto appends the next message to buf and returns the result; otherwise it is
// [Channel.Recv]. It allocates nothing if the message fits. On an error it returns
// buf.
func (c *Channel) RecvInto(buf []byte) ([]byte, error) {
	c.lockRecv()
	defer c.recvMu.Unlock()
	msg, err := c.reader.NextMessage()
	if err != nil {
		c.ended(err)
		return buf, err
	}
	return append(buf, msg...), nil
}

// Messages returns the remaining messages. Each is borrowed, valid until the next
// step of the loop. The end of the stream between two messages ends the loop; any
// other error is yielded once, as the last pair. A loop that is left early leaves
// the next message for the next receive.
//
// Because a message is borrowed, the loop holds the receive lock while its body
// runs. Receives of other goroutines take turns with it between its steps; the
// body itself must not receive on c, or it would wait for itself.
func (c *Channel) Messages() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		c.lockRecv()
		defer c.recvMu.Unlock()
		for {
			msg, err := c.reader.NextMessage()
			if err != nil {
				if c.ended(err); err != io.EOF {
					yield(nil, err)
				}
				return
			}
			if !yield(msg, nil) {
				return
			}
			if c.waiting.Load() > 0 {
				c.recvMu.Unlock()
				runtime.Gosched()
				c.lockRecv()
			}
		}
	}
}

// ended refuses sends if a broken frame has ended the channel.
func (c *Channel) ended(err error) {
	if e, ok := errors.AsType[*frame.Error](err); ok && e.Cause != "" {
		c.sender.Refuse(fmt.Errorf("channel is dead: %w", err))
	}
}

// lockRecv takes the receive lock, and lets a loop over Messages know that
// somebody wants it.
func (c *Channel) lockRecv() {
	if c.recvMu.TryLock() {
		return
	}
	c.waiting.Add(1)
	c.recvMu.Lock()
	c.waiting.Add(-1)
}

// CloseWrite flushes what is queued and then ends the stream towards the peer,
// which reads io.EOF after the last message; receiving goes on. The error wraps
// [errors.ErrUnsupported] where the stream cannot be half-closed.
func (c *Channel) CloseWrite() error {
	w, ok := c.rwc.(interface{ CloseWrite() error })
	if !ok {
		return errors.Join(c.sender.Flush(), errNoHalfClose)
	}
	if err := c.sender.Finish(errWriteClosed); err != nil {
		return err
	}
	return w.CloseWrite()
}

var (
	errNoHalfClose = &streamError{"the stream has no half-close", errors.ErrUnsupported}
	errWriteClosed = &streamError{"send after CloseWrite", net.ErrClosed}
	errClosed      = &streamError{"use of closed channel", net.ErrClosed}
)

type streamError struct {
	text string
	err  error
}

func (e *streamError) Error() string { return "channel: " + e.text }
func (e *streamError) Unwrap() error { return e.err }

// Close closes the stream and interrupts a blocked Send or Recv. Messages of
// SendBuffered that are not written yet get up to a second to leave, unless a
// sender is already blocked; the error says if some could not. It takes no lock
// that a blocked receive holds.
func (c *Channel) Close() error {
	unsent := c.sender.Stop(errClosed, drainLimit, c.rwc.Close)
	if err := c.rwc.Close(); unsent == nil {
		return err
	}
	return unsent
}

// LocalAddr returns the address of this end, nil when the stream has none.
func (c *Channel) LocalAddr() net.Addr {
	if a, ok := c.rwc.(interface{ LocalAddr() net.Addr }); ok {
		return a.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the address of the peer, nil when the stream has none.
func (c *Channel) RemoteAddr() net.Addr {
	if a, ok := c.rwc.(interface{ RemoteAddr() net.Addr }); ok {
		return a.RemoteAddr()
	}
	return nil
}
