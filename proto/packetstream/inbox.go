package packetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/chancat/channel/frame"
)

// An inbox is what a Conn knows of the peer's requests. Its mutex is the Conn's.
type inbox struct {
	tags     map[uint64]*tagSet // of channels with a handler
	queue    []job              // wait for a worker
	held     int                // bytes of payload without an answer
	running  int                // workers
	parked   int                // of these, those that wait for the peer
	rejected bool               // a request was, and that was told

	workers sync.WaitGroup // and who reads
}

// A job is a request to be answered.
type job struct {
	tag     uint64
	request Request
	handler Handler
}

// request takes in a request of the peer. It blocks while too many are unanswered,
// so that the peer, in the end, cannot send. It reports whether keep has to read on.
func (c *Conn) request(p *Packet) (more bool) {
	j := job{tag: p.Tag, request: Request{Type: p.Type - 1, Flags: p.Flags, Channel: p.Channel}}
	c.mu.Lock()
	handler, refusal := c.admit(p)
	if refusal == "" {
		j.handler = handler
		j.request.Payload = bytes.Clone(p.Payload)
		if c.alone() {
			more = c.answerHere(j)
			c.mu.Unlock()
			return more
		}
		if !c.enqueue(j) {
			refusal = rejectTooMany
		}
	}
	first := refusal != "" && !c.rejected
	c.rejected = c.rejected || first
	c.mu.Unlock()
	if refusal == "" {
		return true
	}
	level := slog.LevelInfo // a peer must not fill the log
	if first {
		level = slog.LevelWarn
	}
	c.o.Logger.Log(c.ctx, level, "request rejected", "packet", p.String(), "reason", refusal)
	c.reject(j, refusal, 0)
	return true
}

// admit returns who answers p, or why nobody does. The caller holds mu.
func (c *Conn) admit(p *Packet) (h Handler, refusal string) {
	h = c.o.Handler
	if p.Channel != 0 {
		if h = c.o.Channels[p.Channel]; h == nil {
			return nil, RejectChannel
		}
	}
	switch {
	case h == nil:
		return nil, RejectNoHandler
	case c.peerEnded:
		return nil, RejectEnded
	case c.closing:
		return nil, RejectShutdown
	}
	used := c.tags[p.Channel]
	if used == nil {
		used = &tagSet{}
		if c.tags == nil {
			c.tags = map[uint64]*tagSet{}
		}
		c.tags[p.Channel] = used
	}
	if !used.add(p.Tag) {
		return nil, fmt.Sprintf(rejectTag, p.Channel, p.Tag)
	}
	return h, ""
}

// alone reports whether nothing happens on the connection but one request of the
// peer after the other, for the length of a streak, the one at hand included. The
// caller holds mu.
func (c *Conn) alone() bool {
	if c.running > 0 || len(c.queue) > 0 || c.asked > 0 || len(c.rd.Buffered()) > 0 {
		c.endStreak()
		return false
	}
	c.calls, c.requests = 0, c.requests+1
	return c.inStreak(c.requests)
}

// answerHere answers j in the goroutine that has read it, and meanwhile leaves the
// turn to whoever needs it. It reports whether that was nobody. The caller holds mu.
func (c *Conn) answerHere(j job) bool {
	c.running++
	c.held += len(j.request.Payload)
	c.free()
	c.mu.Unlock()
	c.answer(j)
	c.mu.Lock()
	c.running--
	c.held -= len(j.request.Payload)
	c.changed.broadcast()
	c.hire()
	if c.taken {
		return false
	}
	c.take(nil)
	return true
}

// enqueue gives j to a worker, now or later. It waits while too much is unanswered,
// but not where that could last for ever, because all handlers wait for the peer:
// then it reports false. The caller holds mu.
func (c *Conn) enqueue(j job) bool {
	size := len(j.request.Payload)
	for c.running+len(c.queue) >= unansweredMost || c.held > 0 && c.held+size > c.o.MaxPacket {
		if c.parked == c.running {
			return false
		}
		if c.changed.wait(c.ctx, &c.mu) != nil {
			return true // nobody will know
		}
	}
	c.held += size
	if c.running-c.parked < c.o.Workers { // then the queue is empty
		c.start(j)
		return true
	}
	c.queue = append(c.queue, j)
	return true
}

// hire starts a worker, if there is work and one is free: those that wait for the
// peer do not count, or two peers that call each other back could wait for each
// other. The caller holds mu.
func (c *Conn) hire() {
	if len(c.queue) > 0 && c.running-c.parked < c.o.Workers {
		c.start(c.dequeue())
	}
}

// start gives j to a worker now. The caller holds mu.
func (c *Conn) start(j job) {
	c.running++
	c.workers.Go(func() { c.work(j) })
}

func (c *Conn) dequeue() job {
	j := c.queue[0]
	c.queue[0] = job{}
	if c.queue = c.queue[1:]; len(c.queue) == 0 {
		c.queue = nil
	}
	return j
}

// work answers j, and then what is queued.
func (c *Conn) work(j job) {
	for {
		c.answer(j)
		c.mu.Lock()
		c.held -= len(j.request.Payload)
		c.changed.broadcast()
		if len(c.queue) > 0 && c.running-c.parked <= c.o.Workers && c.ctx.Err() == nil {
			j = c.dequeue()
			c.mu.Unlock()
			continue
		}
		c.running--
		c.mu.Unlock()
		return
	}
}

// answer runs the handler. Whatever happens to it, there is an answer.
func (c *Conn) answer(j job) {
	reply, err := c.handle(j)
	if err == nil {
		err = c.respond(j, Packet{Flags: reply.Flags<<1 | okFlag, Payload: reply.Payload}, reply.Flags>>61 > 0)
		if !errors.Is(err, frame.ErrUnsendable) {
			return // what became of the stream is told elsewhere
		}
	}
	if no, ok := errors.AsType[*RejectError](err); ok && no.Flags>>61 == 0 && len(no.Text) <= c.o.MaxPacket {
		c.reject(j, no.Text, no.Flags)
		return
	}
	if c.ctx.Err() == nil {
		c.o.Logger.Error("handler", "type", j.request.Type, "tag", j.tag, "error", err)
	}
	c.reject(j, RejectException, 0)
}

func (c *Conn) handle(j job) (reply Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return j.handler(c.ctx, j.request)
}

func (c *Conn) reject(j job, text string, flags uint64) {
	c.respond(j, Packet{Flags: flags << 1, Payload: []byte(text)}, false)
}

// respond sends the answer p to j, unless EOF has been sent.
func (c *Conn) respond(j job, p Packet, tooManyFlags bool) error {
	p.Tag, p.Channel = j.tag, j.request.Channel
	switch {
	case tooManyFlags:
		return frame.Refuse("the reply's flags have more than 61 bits")
	case len(p.Payload) > c.o.MaxPacket:
		return frame.Refuse("a reply of %d bytes, the limit is %d", len(p.Payload), c.o.MaxPacket)
	}
	return c.out.add(c.ctx, len(p.Payload), func(queue []byte) (_ []byte, alone bool, err error) {
		c.mu.Lock()
		finished, alone := c.finished, c.running == 1
		c.mu.Unlock()
		if !finished {
			queue, err = p.AppendFrame(queue)
		}
		return queue, alone, err
	})
}

// park counts a handler that waits for the peer, if ctx is that of one. The caller
// holds mu.
func (c *Conn) park(ctx context.Context) {
	if FromContext(ctx) == c {
		c.parked++
		c.hire()
		c.changed.broadcast()
	}
}

func (c *Conn) unpark(ctx context.Context) {
	if FromContext(ctx) == c {
		c.parked--
	}
}
