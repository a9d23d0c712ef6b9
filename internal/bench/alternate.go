package bench

import (
	"time"

	"github.com/chancat/channel/internal/link"
)

// turns is what alternate has done and not yet published: a lock for each message
// would cost as much as the message.
type turns struct {
	frame []byte // of the message; empty where the transport frames by itself
	batch []byte // frames that go out before the next read

	now      time.Duration // of the last read; 0 before its first message
	sent     int64
	answered []time.Duration // latencies
	extra    int64
	bytes    int64
}

// publishMost bounds what is kept before it is published.
const publishMost = 512

// alternate sends and receives in turn: what is sent in answer to messages that
// came together goes out together.
func (c *conn) alternate() {
	defer c.link.Close()
	defer c.publish()
	t, sent := c.turns, int64(0)
	fail := func(err error) {
		if !c.run.closing.Load() {
			c.run.fail(err)
		}
	}
	var err error
	if t.frame, err = c.link.AppendFrame(nil, c.run.o.Message); err != nil {
		fail(err)
		return
	}
	send := func(now time.Duration) bool {
		if !c.may(sent) {
			return true
		}
		if len(t.frame) > 0 {
			t.batch = append(t.batch, t.frame...)
		} else if err := c.link.Send(c.run.o.Message); err != nil {
			fail(err)
			return false
		}
		c.due.push(times{now, now})
		sent++
		t.sent++
		return true
	}
	for first := time.Since(c.run.start); !c.due.full() && c.may(sent); {
		if !send(first) {
			return
		}
	}
	for c.due.n > 0 {
		msg, err := c.link.Recv()
		if err != nil {
			c.lost(err, false)
			return
		}
		if t.now == 0 {
			t.now = time.Since(c.run.start)
		}
		t.bytes += int64(len(msg))
		asked, answered := c.due.answer()
		if !answered {
			t.extra++
			continue
		}
		if t.answered = append(t.answered, t.now-asked.intended); len(t.answered) == publishMost {
			c.publish()
		}
		if !send(t.now) {
			return
		}
	}
}

// flush writes the frames that are held back.
func (t *turns) flush(l *link.Link) error {
	switch {
	case len(t.frame) == 0:
		return l.Flush()
	case len(t.batch) == 0:
		return nil
	}
	err := l.SendFrames(t.batch)
	t.batch = t.batch[:0]
	return err
}

// publish tells what alternate has done since it last did.
func (c *conn) publish() {
	t := c.turns
	now := time.Since(c.run.start)
	c.mu.Lock()
	c.sent += t.sent
	c.answered += int64(len(t.answered))
	if t.now != 0 || c.unanswered == 0 {
		c.heard = now
	}
	c.unanswered = c.due.n
	c.mu.Unlock()
	if t.now != 0 {
		c.shard.batch(t)
	}
	*t = turns{frame: t.frame, batch: t.batch, answered: t.answered[:0]}
}
