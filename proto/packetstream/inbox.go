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

	// One worker is kept when there is no work: its stack has grown already, which for
	// one that calls one after the other is worth a fifth of the time.
	idle    bool
	next    chan job // the job of the idle one; holds one
	workers sync.WaitGroup
}

// A job is a request to be answered.
type job struct {
	tag     uint64
	request Request
	handler Handler
}

// request takes in a request of the peer. It blocks while too many are unanswered,
// so that the peer, in the end, cannot send.
func (c *Conn) request(p *Packet) {
	j := job{tag: p.Tag, request: Request{Type: p.Type - 1, Flags: p.Flags, Channel: p.Channel}}
	c.mu.Lock()
	handler, refusal := c.admit(p)
	if refusal == "" {
		j.handler = handler
		j.request.Payload = bytes.Clone(p.Payload)
		if c.o.Inline {
			c.inline(j)
		} else if !c.enqueue(j) {
			refusal = rejectTooMany
		}
	}
	first := refusal != "" && !c.rejected
	c.rejected = c.rejected || first
	c.mu.Unlock()
	if refusal == "" {
		return
	}
	level := slog.LevelInfo // a peer must not fill the log
	if first {
		level = slog.LevelWarn
	}
	c.o.Logger.Log(c.ctx, level, "request rejected", "packet", p.String(), "reason", refusal)
	c.reject(j, refusal, 0)
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

// inline answers j in this goroutine. The caller holds mu.
func (c *Conn) inline(j job) {
	c.running++
	c.mu.Unlock()
	c.answer(j)
	c.mu.Lock()
	c.running--
	c.changed.broadcast()
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
	if c.idle {
		c.idle = false
		c.next <- j
		return
	}
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
		stay := !c.idle
		c.idle = true
		c.mu.Unlock()
		if !stay {
			return
		}
		select {
		case j = <-c.next:
		case <-c.ctx.Done():
			c.retire()
			return
		}
	}
}

// retire ends the idle worker, who may just have been given a job.
func (c *Conn) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.idle {
		c.running--
		c.changed.broadcast()
	}
	c.idle = false
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
	c.mu.Lock()
	alone := c.running == 1
	c.mu.Unlock()
	return c.out.add(c.ctx, len(p.Payload), alone, func(queue []byte) ([]byte, error) {
		c.mu.Lock()
		finished := c.finished
		c.mu.Unlock()
		if finished {
			return queue, nil
		}
		return p.AppendFrame(queue)
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
