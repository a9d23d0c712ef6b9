package packetstream

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/chancat/channel/frame"
)

const (
	// streakLong is how many exchanges, one after the other and with nothing else on
	// the connection, come before those that wake nobody.
	streakLong = 32

	// tick is the least time for which the turn stays free where nobody takes it; the
	// most is twice that.
	tick = time.Millisecond

	// slowCost is how many requests longer the streak has to be after a handler that
	// has kept the turn free.
	slowCost = 256
)

// A turn is the right to read from the stream. Its mutex is the Conn's.
//
// One goroutine has it, as a rule one that does nothing else (keep). But to wake
// another one for each packet takes longer than all the rest. So where exchanges
// follow each other closely, the goroutine that waits for an answer reads it (lead),
// and the one that has read a request runs the handler (answerHere). In between the
// turn is free, and a timer sees to it that somebody takes it again when no call
// follows, or when a handler takes its time (look).
type turn struct {
	taken   bool
	leader  *Pending // the call whose answer is read for; nil where keep reads
	changes uint     // of taken

	deadlines deadliner // the stream; nil if its reads cannot be called back
	probed    bool      // that is known
	recalled  bool      // the leader's read has been called back

	timer   *time.Timer // runs look
	ticking bool
	seen    uint // changes at the last tick

	calls    int // of ours in the streak
	requests int // of the peer in the streak; below 0 after a slow handler
}

// A deadliner is a stream of the system, from which a read can be called back and
// nothing is lost by that. Other streams have deadlines that end them.
type deadliner interface {
	syscall.Conn
	SetReadDeadline(time.Time) error
}

// next reads a packet. The error is io.EOF where the peer says so, or just ends.
// Whoever calls it has the turn.
func (c *Conn) next() (Packet, error) {
	f, err := c.rd.Next()
	if err != nil {
		return Packet{}, err
	}
	p, err := ParseBody(f.Body())
	switch {
	case err != nil:
	case !p.Request || p.Type != 0 || p.IsERQ():
		return p, nil
	case p.IsEOF():
		return Packet{}, io.EOF
	default:
		err = frame.Malformed(0, "malformed EOF: %s", p.String())
	}
	return Packet{}, rebase(err, f.Offset, int64(f.Span.Head))
}

// mustRead makes a goroutine read, if none does. The caller holds mu.
func (c *Conn) mustRead() {
	if !c.taken {
		c.take(nil)
		c.workers.Go(func() { c.keep(c.next) })
	}
}

// keep takes in what first returns, and then what it reads, until the end, or until
// somebody else will read. It has the turn.
func (c *Conn) keep(first func() (Packet, error)) {
	p, err := first()
	for ; err == nil; p, err = c.next() {
		more := true
		switch {
		case !p.Request:
			more = c.response(&p)
		case p.Type != 0:
			more = c.request(&p)
		default:
			c.mu.Lock()
			c.peerEnded = true
			c.mu.Unlock()
		}
		if !more {
			return
		}
	}
	go c.finish(err) // and nobody gets the turn any more
}

// lead reads until p has an answer or ctx ends. What is no answer it leaves to keep,
// because that may take time. The caller holds mu; nobody has the turn, and reads can
// be called back.
func (c *Conn) lead(ctx context.Context, p *Pending) {
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.recall(p)
		})()
	}
	c.take(p)
	for !p.ended && !c.recalled {
		c.mu.Unlock()
		packet, err := c.next()
		if err == nil && !packet.Request {
			c.response(&packet)
			c.mu.Lock()
			continue
		}
		c.mu.Lock()
		if c.recalled && errors.Is(err, os.ErrDeadlineExceeded) {
			break // nothing is lost by that
		}
		c.endLead()
		c.keepFrom(packet, err)
		return
	}
	c.endLead()
	if c.inStreak(c.calls) && c.asked == 0 {
		c.free()
		return
	}
	c.workers.Go(func() { c.keep(c.next) })
}

// keepFrom is keep in a goroutine of its own, for a packet or an error that was read.
func (c *Conn) keepFrom(p Packet, err error) {
	c.workers.Go(func() {
		c.keep(func() (Packet, error) { return p, err })
	})
}

func (c *Conn) endLead() {
	c.leader = nil
	if c.recalled {
		c.recalled = false
		c.deadlines.SetReadDeadline(time.Time{})
	}
}

// recall makes the read for p end, if there is one. The caller holds mu.
func (c *Conn) recall(p *Pending) {
	if c.leader == p && !c.recalled {
		c.recalled = true
		c.deadlines.SetReadDeadline(time.Unix(1, 0))
	}
}

// recallable reports whether a read can be called back. The caller holds mu, and
// the stream is open.
func (c *Conn) recallable() bool {
	if c.probed {
		return c.deadlines != nil
	}
	c.probed = true
	r := c.r
	if s, ok := r.(*onDemand); ok {
		r = s.r
	}
	d, ok := r.(deadliner)
	if ok && d.SetReadDeadline(time.Time{}) == nil { // a file may have none
		c.deadlines = d
	}
	return c.deadlines != nil
}

func (c *Conn) take(leader *Pending) {
	c.taken, c.leader = true, leader
	c.changes++
}

// free gives up the turn. The caller holds mu.
func (c *Conn) free() {
	c.taken = false
	c.changes++
	if c.ticking {
		return
	}
	c.ticking, c.seen = true, c.changes
	if c.timer == nil {
		c.timer = time.AfterFunc(tick, c.look)
		return
	}
	c.timer.Reset(tick)
}

// look sees to it that the turn does not stay free. It runs each tick, until one is
// over in which the turn has not changed.
func (c *Conn) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != c.seen {
		c.seen = c.changes
		c.timer.Reset(tick)
		return
	}
	c.ticking = false
	c.endStreak()
	if !c.taken && c.running > 0 {
		c.requests = -slowCost
	}
	c.mustRead()
}

func (c *Conn) inStreak(n int) bool { return n > streakLong }

func (c *Conn) endStreak() { c.calls, c.requests = 0, min(c.requests, 0) }
