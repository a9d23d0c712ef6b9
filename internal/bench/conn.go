package bench

import (
	"io"
	"sync"
	"time"

	"github.com/chancat/channel/internal/link"
)

// A conn is one connection of a run.
type conn struct {
	run   *run
	index int   // from 0
	count int64 // of messages that it is to send; where there is a Count
	link  *link.Link
	shard *shard
	turns *turns        // of alternate; nil where one goroutine sends and another receives
	gone  chan struct{} // nothing more is received

	mu         sync.Mutex // guards the rest, but for alternate, which only publishes
	room       sync.Cond  // there is room for a message, it is due, or nothing more is sent
	called     int64      // messages that were due; in an open loop
	due        due
	done       bool // nothing more is sent
	sent       int64
	answered   int64
	unanswered int           // where no answers are wanted: 1 while a message is not taken
	heard      time.Duration // since the start of the run, when something last changed
	flushed    time.Duration // where no answers are wanted: when the last was taken
}

func newConn(r *run, index int) *conn {
	c := &conn{run: r, index: index, shard: r.shards[index%len(r.shards)], gone: make(chan struct{})}
	c.due = due{ring: make([]times, r.o.Depth), replies: r.o.Replies}
	c.room.L = &c.mu
	c.count = r.o.Count / int64(r.o.Conns)
	if int64(index) < r.o.Count%int64(r.o.Conns) {
		c.count++
	}
	if r.o.alternates() {
		c.turns = &turns{}
	}
	return c
}

// may reports whether c is to send one more message after sent, which is if it was
// due before the end of the run.
func (c *conn) may(sent int64) bool {
	if c.run.closing.Load() || c.run.over.Load() && sent >= c.called {
		return false
	}
	return c.run.o.Count == 0 || sent < c.count
}

func (c *conn) ended() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushed
}

func (c *conn) counts() (sent, answered int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.answered
}

func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room.Broadcast()
}

// silent reports whether an answer is due, or a message not taken, for longer than
// patience.
func (c *conn) silent(patience time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unanswered > 0 && time.Since(c.run.start)-c.heard > patience
}

// beforeRead is called before c waits for what the peer sends.
func (c *conn) beforeRead() error {
	if c.turns == nil {
		return nil
	}
	c.publish()
	return c.turns.flush(c.link)
}

// lost is the end of what can be received. expected says that nothing was due.
func (c *conn) lost(err error, expected bool) {
	switch {
	case expected, c.run.closing.Load():
	case err == io.EOF:
		c.run.fail(ErrClosed)
	default:
		c.run.fail(&ReceiveError{c.link.Remote(), err, c.link.Fault(err)})
	}
}

// A ReceiveError is why no more answers can be received.
type ReceiveError struct {
	Remote string
	Err    error
	Fault  link.Fault // where it is a broken frame
}

func (e *ReceiveError) Error() string { return e.Err.Error() }
func (e *ReceiveError) Unwrap() error { return e.Err }

// times are when a message was due, and when it was sent, since the start of the
// run.
type times struct{ intended, actual time.Duration }

// due are the messages that are unanswered, the oldest first.
type due struct {
	ring     []times
	first, n int
	replies  int // that answer a message
	heard    int // of those of the oldest
}

func (d *due) full() bool { return d.n == len(d.ring) }

func (d *due) push(t times) {
	i := d.first + d.n
	if i >= len(d.ring) {
		i -= len(d.ring)
	}
	d.ring[i] = t
	d.n++
}

// answer takes the oldest message off, unless more is to come in answer to it, or
// none is due.
func (d *due) answer() (t times, answered bool) {
	if d.n == 0 {
		return t, false
	}
	if d.heard++; d.heard < d.replies {
		return t, false
	}
	t = d.ring[d.first]
	d.heard = 0
	if d.first++; d.first == len(d.ring) {
		d.first = 0
	}
	d.n--
	return t, true
}
