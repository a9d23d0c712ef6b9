package bench

import "time"

// turns is what alternate has done and not yet published: a lock for each message
// would cost as much as the message.
type turns struct {
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
	send := func(now time.Duration) bool {
		if !c.may(sent) {
			return true
		}
		if err := c.link.Queue(c.run.o.Message); err != nil {
			if !c.run.closing.Load() {
				c.run.fail(err)
			}
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
	*t = turns{answered: t.answered[:0]}
}
