package packetstream

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A Conn is one end of a connection. Its methods are safe for concurrent use.
//
// It reads all the time, whether somebody waits for a packet or not, until the
// peer's EOF or the end of the stream. Then what still runs for the peer is finished
// and answered, and ERQ and EOF are sent without being asked for.
type Conn struct {
	o      Options
	out    outbox
	r      io.Reader
	rd     *frame.Reader // of r
	close  func() error
	unused func() bool // reports whether no stream was opened; nil where one always is

	ctx    context.Context // of handlers
	cancel context.CancelCauseFunc

	mu      sync.Mutex // guards the rest; taken inside out.mu, never the other way
	changed signal     // of what the Waits below look at

	pending    map[id]*Pending // sent, without an answer
	asked      int             // those, and requests about to be sent
	askedBytes int             // of payload in them
	nextTag    map[uint64]uint64
	ended      bool  // ERQ is sent
	finished   bool  // EOF is sent
	peerEnded  bool  // the peer's ERQ has come
	closing    bool  // Shutdown has begun: no more requests of the peer
	lost       error // why no more requests can be answered
	err        error // why the connection is over, if not by EOF

	turn
	inbox

	done      chan struct{} // closed when all is over
	closeOnce sync.Once
	closeErr  error
}

// An id is what tells requests of one side apart.
type id struct{ channel, tag uint64 }

// New returns a Conn over a stream. The caller closes the Conn, which closes the
// stream. The deadlines of reading from a socket are the Conn's.
func New(stream io.ReadWriteCloser, o *Options) *Conn {
	return newConn(stream, stream, stream.Close, o, nil)
}

// NewPair is New for two streams, one for each direction, such as the pipes of a
// child. Those that are an io.Closer are closed with the Conn; w is first.
func NewPair(r io.Reader, w io.Writer, o *Options) *Conn {
	return newConn(r, w, func() error { return closePair(r, w) }, o, nil)
}

func newConn(r io.Reader, w io.Writer, shut func() error, o *Options, unused func() bool) *Conn {
	c := &Conn{
		o: o.resolved(), r: r, close: shut, unused: unused,
		pending: map[id]*Pending{}, nextTag: map[uint64]uint64{0: firstTag},
		done: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancelCause(context.WithValue(context.Background(), connKey{}, c))
	c.rd = frame.NewReader(r, framing.PacketStream, c.o.MaxPacket)
	c.out.init(w, c.o.Grace, c.writeFailed)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mustRead()
	return c
}

type connKey struct{}

// FromContext returns the connection whose handler was given ctx, or nil. A handler
// may call the peer back.
func FromContext(ctx context.Context) *Conn {
	c, _ := ctx.Value(connKey{}).(*Conn)
	return c
}

// Call sends a request and returns the reply to it. A rejection is a
// [*RejectError]. The end of the context ends the wait, but the peer is not told:
// the protocol has no word for that.
func (c *Conn) Call(ctx context.Context, r Request) (Reply, error) {
	p, err := c.Submit(ctx, r)
	if err != nil {
		return Reply{}, err
	}
	reply, err := p.Wait(ctx)
	if err != nil {
		p.Cancel()
	}
	return reply, err
}

// Submit sends a request without waiting for the reply. The context governs the
// wait for room, where too many requests are without an answer or too many bytes
// unwritten. When Submit returns the payload has been copied; an error of writing
// it ends the connection.
func (c *Conn) Submit(ctx context.Context, r Request) (*Pending, error) {
	packet := Packet{Request: true, Channel: r.Channel, Type: r.Type + 1, Flags: r.Flags, Payload: r.Payload}
	switch {
	case packet.Type == 0:
		return nil, frame.Refuse("request type %d, the wire has only lower ones", r.Type)
	case len(r.Payload) > c.o.MaxPacket:
		return nil, frame.Refuse("a payload of %d bytes, the limit is %d", len(r.Payload), c.o.MaxPacket)
	}
	p := &Pending{conn: c, size: len(r.Payload)}
	if err := c.reserve(ctx, p.size); err != nil {
		return nil, err
	}
	err := c.out.add(ctx, p.size, func(queue []byte) (_ []byte, alone bool, err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case c.lost != nil:
			return nil, false, c.lost
		case c.ended:
			return nil, false, ErrEnded
		}
		packet.Tag = c.nextTag[r.Channel]
		if queue, err = packet.AppendFrame(queue); err != nil {
			return nil, false, err
		}
		p.id = id{r.Channel, packet.Tag}
		c.nextTag[r.Channel]++
		c.pending[p.id] = p
		return queue, c.asked == 1, nil
	})
	if err != nil {
		c.mu.Lock()
		c.release(p.size)
		c.mu.Unlock()
		return nil, err
	}
	return p, nil
}

// reserve takes a place among the requests without an answer.
func (c *Conn) reserve(ctx context.Context, size int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.lost == nil && (c.asked == c.o.MaxPending || c.asked > 0 && c.askedBytes+size > c.o.MaxPacket) {
		c.park(ctx)
		c.mustRead()
		err := c.changed.wait(ctx, &c.mu)
		c.unpark(ctx)
		if err != nil {
			return err
		}
	}
	if c.lost != nil {
		return c.lost
	}
	c.asked++
	c.askedBytes += size
	return nil
}

// release gives a place back. The caller holds mu.
func (c *Conn) release(size int) {
	c.asked--
	c.askedBytes -= size
	c.changed.broadcast()
}

// EndRequests sends ERQ: from then on Submit and Call fail with [ErrEnded]. Replies
// still come, and requests of the peer are still answered.
func (c *Conn) EndRequests(ctx context.Context) error {
	return c.special(ctx, &c.ended, ERQ())
}

// special sends ERQ or EOF unless that was sent.
func (c *Conn) special(ctx context.Context, sent *bool, p Packet) error {
	return c.out.add(ctx, 0, func(queue []byte) (_ []byte, alone bool, err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if *sent || c.finished {
			return queue, false, nil
		}
		*sent = true
		queue, err = p.AppendFrame(queue)
		return queue, false, err
	})
}

// Shutdown ends the connection as the protocol has it: it sends ERQ, waits for the
// replies to our requests and for our handlers, sends EOF, and reads to the peer's
// EOF or the end of the stream. Requests that the peer sends meanwhile are rejected.
// It returns what Err does, or why ctx ended before. The stream is left open for
// Close.
func (c *Conn) Shutdown(ctx context.Context) error {
	if c.unused != nil && c.unused() {
		return c.Close()
	}
	c.mu.Lock()
	c.closing = true
	c.mustRead()
	c.mu.Unlock()
	// Errors of sending are not told here: the end of reading has a better one.
	c.EndRequests(ctx)
	c.mu.Lock()
	for c.lost == nil && (c.asked > 0 || c.running > 0) && ctx.Err() == nil {
		c.changed.wait(ctx, &c.mu)
	}
	c.mu.Unlock()
	if ctx.Err() == nil {
		c.special(ctx, &c.finished, EOF())
	}
	select {
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close closes the stream, and so interrupts all that waits for it. Nothing more is
// sent; Shutdown before it is the way to say goodbye. It does not wait for
// handlers, whose context it ends: Done does.
func (c *Conn) Close() error {
	c.closeOnce.Do(func() {
		c.abandon(ErrClosed)
		c.closeErr = c.close()
	})
	return c.closeErr
}

// abandon ends what can go on without the stream.
func (c *Conn) abandon(reason error) {
	c.out.stop(reason)
	c.lose(reason)
	c.cancel(reason)
}

// Done returns a channel that is closed when both sides have sent EOF, or cannot,
// and all handlers have returned.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection is over: nil after an EOF, or the end of the stream
// between two packets. A broken packet is a *frame.Error, with offsets into what was
// received.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// finish does what is left to do when err has ended the reading.
func (c *Conn) finish(err error) {
	defer close(c.done)
	if err == io.EOF {
		err = ErrPeerEnded
	}
	if c.lose(err) && err != ErrPeerEnded {
		c.o.Logger.Warn("the connection ends here", "error", err)
	}
	c.mu.Lock()
	for c.running > 0 {
		c.changed.wait(context.Background(), &c.mu)
	}
	c.mu.Unlock()
	ctx := context.Background() // Close interrupts these
	c.EndRequests(ctx)
	c.special(ctx, &c.finished, EOF())
	c.out.drain(ctx)
	c.cancel(ErrClosed)
	c.workers.Wait()
}

// lose ends the requests that have no answer yet, and those to come, with reason.
// It reports whether this is the first reason.
func (c *Conn) lose(reason error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return false
	}
	c.lost = reason
	if reason != ErrPeerEnded {
		c.err = reason
	}
	for _, p := range c.pending {
		p.end(Reply{}, reason)
		c.asked--
		c.askedBytes -= p.size
	}
	clear(c.pending)
	c.changed.broadcast()
	return true
}

// writeFailed ends the connection, but not at once: the peer may have answered
// before it went.
func (c *Conn) writeFailed(err error) {
	c.cancel(err)
	t := time.AfterFunc(linger, func() {
		c.lose(err)
		c.Close()
	})
	go func() {
		<-c.done
		t.Stop()
	}()
}

// response ends the request that p answers. It reports whether keep has to read on.
func (c *Conn) response(p *Packet) (more bool) {
	var reply Reply
	var err error
	if p.OK() {
		reply = Reply{Flags: p.ReplyFlags(), Payload: bytes.Clone(p.Payload)}
	} else {
		err = &RejectError{Text: string(p.Payload), Flags: p.ReplyFlags()}
	}
	key := id{p.Channel, p.Tag}
	c.mu.Lock()
	asked, known := c.pending[key]
	if !known {
		c.mu.Unlock()
		c.o.Logger.Info("response to no request", "packet", p.String())
		return true
	}
	delete(c.pending, key)
	c.release(asked.size)
	if asked.waited && c.asked == 0 && c.running == 0 {
		c.calls, c.requests = c.calls+1, min(c.requests, 0)
	} else {
		c.endStreak()
	}
	asked.end(reply, err)
	more = c.leader != nil || !c.inStreak(c.calls) || !c.recallable()
	if !more {
		c.free() // the next caller reads the answer himself
	}
	c.mu.Unlock()
	return more
}
