// Package link runs a framing over a connection and tells what happens on it as
// events.
package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/sender"
	"github.com/chancat/channel/session"
)

// sendDirectly is the size in bytes from which copying a message into a queue
// costs more than waiting for its write.
const sendDirectly = 48 << 10

// BrokenBytes bounds the bytes of a broken frame that an event has.
const BrokenBytes = 256

// Options configures a Link.
type Options struct {
	Framing framing.Framing
	Server  bool // we accepted the connection: the peer is the client
	Number  int  // of the connection, from 1

	// Observe is told of every event; nil when nobody wants to know. It may be
	// called from several goroutines at once. The event and its bytes are
	// borrowed.
	Observe func(*session.Event)
	Reads   bool // observe the reads and writes of the stream too

	// BeforeRead is called before the stream is read, which may block. An error
	// of it is returned by Recv.
	BeforeRead func() error

	Delivery mutate.Delivery // how frames are written
	Gap      time.Duration   // between the pieces of a frame
}

// A Link is one connection whose bytes are messages. One goroutine receives; any
// number may send.
type Link struct {
	conn    *endpoint.Conn
	o       Options
	reader  *frame.Reader  // nil where the transport frames by itself
	sender  *sender.Sender // nil where sending is observed, cut, or framed by the transport
	send    frame.Codec
	pieces  *mutate.Writer
	offset  int64     // of the next received message, where the transport frames
	arrival time.Time // of the last bytes; kept when observed

	received int64        // messages; for the goroutine that receives
	heard    atomic.Int64 // the same, as of the last read: an atomic for each would cost as much as the rest
	fault    *Fault       // what ended them, once it was explained

	sendMu  sync.Mutex // guards the rest and the order of observed writes
	scratch []byte
	sent    int64
	sentSeq int

	closed sync.Once // the close event
}

// New returns a Link over c, which it then owns.
func New(ctx context.Context, c *endpoint.Conn, o Options) *Link {
	l := &Link{conn: c, o: o}
	receive := o.Framing.S2C
	l.send = o.Framing.C2S.Codec
	if o.Server {
		receive = o.Framing.C2S
		l.send = o.Framing.S2C.Codec
	}
	if c.Stream != nil {
		l.reader = frame.NewReader(&source{l}, receive.Codec, receive.Max)
		if o.Observe == nil && o.Delivery.Whole() {
			l.sender = sender.New(c.Stream, l.send)
		} else {
			l.pieces = mutate.NewWriter(ctx, c.Stream, o.Delivery, o.Gap)
		}
	}
	spelling := o.Framing.Spelling
	if c.Stream == nil {
		spelling = c.Framing
	}
	l.event(&session.Event{Kind: session.Open, Local: c.Local, Remote: c.Remote, Framing: spelling})
	return l
}

// Recv returns the next message, borrowed until the next Recv. The error is io.EOF
// where the peer ended the stream at a frame boundary.
func (l *Link) Recv() ([]byte, error) {
	msg, err := l.receive()
	if err != nil {
		l.heard.Store(l.received)
		l.ended(err)
		return nil, err
	}
	l.received++
	return msg, nil
}

// RecvMany appends to dst the next message, and with it those behind it that have been
// read already and fit into the capacity of dst. All are borrowed until the next
// receive. An error is that of Recv, and comes alone.
func (l *Link) RecvMany(dst [][]byte) ([][]byte, error) {
	if l.reader == nil || l.o.Observe != nil {
		msg, err := l.Recv()
		if err != nil {
			return dst, err
		}
		return append(dst, msg), nil
	}
	before := len(dst)
	dst, err := l.reader.AppendMessages(dst)
	if err != nil {
		l.heard.Store(l.received)
		l.ended(err)
		return dst, err
	}
	l.received += int64(len(dst) - before)
	return dst, nil
}

// Discard drops what still comes until the end of the stream. After a broken frame
// it is the only way to read on.
func (l *Link) Discard() {
	if l.conn.Stream != nil {
		io.Copy(io.Discard, l.conn.Stream) // how it ends no longer matters
	}
}

// Heard returns the number of messages received before the stream was last read,
// and of all once Recv has failed.
func (l *Link) Heard() int64 { return l.heard.Load() }

// Buffered returns the received bytes that belong to no frame yet. After a broken
// frame they start with it. They are borrowed until the next Recv.
func (l *Link) Buffered() []byte {
	if l.reader == nil {
		return nil
	}
	return l.reader.Buffered()
}

// Fault explains err, with which Recv has ended.
func (l *Link) Fault(err error) Fault {
	if l.reader == nil || err == nil {
		return Fault{}
	}
	if l.fault == nil {
		f := FaultIn(l.reader, l.o.Framing, l.peer(), err)
		if f.Cause == "" {
			return f
		}
		l.fault = &f
	}
	return *l.fault
}

func (l *Link) receive() ([]byte, error) {
	switch {
	case l.reader == nil:
		return l.receiveWhole()
	case l.o.Observe == nil:
		return l.reader.NextMessage()
	}
	f, err := l.reader.Next()
	if err != nil {
		return nil, err
	}
	msg := l.reader.Message(f)
	l.messageEvent(l.peer(), msg, f, int(l.received)+1, l.arrival)
	return msg, nil
}

// receiveWhole takes a message from a transport that frames by itself.
func (l *Link) receiveWhole() ([]byte, error) {
	if err := l.beforeRead(); err != nil {
		return nil, err
	}
	msg, err := l.conn.Messages.Recv()
	if err != nil {
		return nil, err
	}
	if l.o.Observe != nil {
		f := frame.Frame{Offset: l.offset, Raw: msg, Span: frame.Span{Body: len(msg)}, Reads: 1}
		l.messageEvent(l.peer(), msg, f, int(l.received)+1, time.Now())
	}
	l.offset += int64(len(msg))
	return msg, nil
}

func (l *Link) beforeRead() error {
	l.heard.Store(l.received)
	if l.o.BeforeRead == nil {
		return nil
	}
	return l.o.BeforeRead()
}

// source is the stream as the reader sees it.
type source struct{ l *Link }

func (s *source) Read(p []byte) (int, error) {
	l := s.l
	if err := l.beforeRead(); err != nil {
		return 0, err
	}
	n, err := l.conn.Stream.Read(p)
	if n > 0 && l.o.Observe != nil {
		l.arrival = time.Now()
		if l.o.Reads {
			l.o.Observe(&session.Event{Kind: session.Read, Time: l.arrival, Conn: l.o.Number, From: l.peer(), N: n, Data: p[:n]})
		}
	}
	return n, err
}

// AppendFrame appends the frame of msg to dst, for SendFrames. It appends nothing
// where the transport frames by itself.
func (l *Link) AppendFrame(dst, msg []byte) ([]byte, error) {
	if l.reader == nil {
		return dst, nil
	}
	return l.send.AppendFrame(dst, msg)
}

// Send writes msg as one message and returns when its bytes are with the stream.
func (l *Link) Send(msg []byte) error {
	switch {
	case l.sender != nil:
		return l.sender.Send(msg)
	case l.reader == nil:
		return l.sendWhole(msg)
	}
	return l.sendPieces(msg)
}

// SendQueued sends msg without waiting for its write where that is faster. Flush,
// and an error of a later call, tell how it went.
func (l *Link) SendQueued(msg []byte) error {
	if l.sender != nil && len(msg) < sendDirectly {
		return l.sender.SendBuffered(msg)
	}
	return l.Send(msg)
}

// Flush returns when everything that was sent is with the stream.
func (l *Link) Flush() error {
	switch {
	case l.sender != nil:
		return l.sender.Flush()
	case l.pieces != nil:
		return l.pieces.Flush()
	}
	if f, ok := l.conn.Messages.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}

// sendWhole hands msg to a transport that frames by itself.
func (l *Link) sendWhole(msg []byte) error {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	l.observeSent(msg, frame.Span{Body: len(msg)})
	return l.conn.Messages.Send(msg)
}

// sendPieces frames msg and writes it, telling of it before: what the peer
// answers must not be told first.
func (l *Link) sendPieces(msg []byte) error {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	raw, err := l.send.AppendFrame(l.scratch[:0], msg)
	if err != nil {
		return err
	}
	l.scratch = raw
	if l.o.Observe != nil {
		l.observeSent(raw, l.spanOf(raw))
	}
	_, err = l.pieces.Write(raw)
	return err
}

// SendRaw writes bytes as they are, which need not be a frame. The error wraps
// errors.ErrUnsupported where the transport has only whole messages.
func (l *Link) SendRaw(raw []byte) error {
	if l.reader == nil {
		return fmt.Errorf("bytes without a frame: %w: the transport has only whole messages", errors.ErrUnsupported)
	}
	if err := l.Flush(); err != nil {
		return err
	}
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	if l.o.Observe != nil {
		if l.o.Reads {
			l.o.Observe(&session.Event{Kind: session.Read, Time: time.Now(), Conn: l.o.Number, From: l.self(), N: len(raw), Data: raw})
		}
		l.sent += int64(len(raw))
	}
	_, err := l.conn.Stream.Write(raw)
	return err
}

// SendFrames sends whole frames as SendQueued does messages.
func (l *Link) SendFrames(raw []byte) error {
	if l.sender != nil {
		return l.sender.SendFrames(raw)
	}
	return l.SendRaw(raw)
}

// CloseWrite flushes and half-closes. The error wraps errors.ErrUnsupported where
// the transport has no half-close.
func (l *Link) CloseWrite() error {
	if err := l.Flush(); err != nil {
		return err
	}
	return l.conn.CloseWrite()
}

// Close closes the connection and interrupts a blocked Recv or Send.
func (l *Link) Close() error {
	l.closeEvent(l.self(), "closed")
	return l.conn.Close()
}

// Wait returns how the other end ended, where that is a child of ours: an
// [*endpoint.ExitError] unless its status was 0.
func (l *Link) Wait() error { return l.conn.Wait() }

// HalfCloses reports whether the transport can end one direction alone.
func (l *Link) HalfCloses() bool {
	_, ok := l.conn.Stream.(interface{ CloseWrite() error })
	return ok
}

// Gone is closed when the child at the other end has ended; nil where there is
// none.
func (l *Link) Gone() <-chan struct{} { return l.conn.Ended() }

// Remote is the address of the peer, for people.
func (l *Link) Remote() string { return l.conn.Remote }

// Number is the number of the connection.
func (l *Link) Number() int { return l.o.Number }

func (l *Link) self() session.Side {
	if l.o.Server {
		return session.Server
	}
	return session.Client
}

func (l *Link) peer() session.Side {
	if l.o.Server {
		return session.Client
	}
	return session.Server
}
