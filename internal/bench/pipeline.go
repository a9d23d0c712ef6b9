package bench

import "time"

// send sends until the run is over, beside receive.
func (c *conn) send() {
	err := c.sendAll()
	if err == nil {
		err = c.link.Flush()
	}
	c.mu.Lock()
	c.done = true
	if c.run.o.Replies == 0 {
		c.unanswered, c.flushed = 0, time.Since(c.run.start)
	}
	idle := c.due.n == 0
	c.mu.Unlock()
	switch {
	case c.run.closing.Load():
	case err != nil:
		c.run.fail(err)
	case idle && c.run.o.Replies > 0:
		c.link.Close() // receive waits for nothing
	case idle:
		c.part()
	}
}

// partingMost is how long a peer has to end its side where no answers are wanted.
const partingMost = time.Second

// part half-closes, and gives the peer a moment to read what it was sent and to end
// its side: closing at once could destroy it.
func (c *conn) part() {
	if c.link.CloseWrite() != nil {
		c.link.Close()
		return
	}
	timer := time.AfterFunc(partingMost, func() { c.link.Close() })
	<-c.gone
	timer.Stop()
}

func (c *conn) sendAll() error {
	for n := int64(0); c.acquire(n); n++ {
		if err := c.link.SendQueued(c.run.o.Message); err != nil {
			return err
		}
	}
	return nil
}

// acquire waits until one more message after n is due and has room, and counts it
// as sent.
func (c *conn) acquire(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	open := c.run.o.Rate > 0
	if c.run.o.Replies == 0 {
		c.unanswered = 0 // the message before has been taken
	}
	for (c.due.full() || open && c.called <= n) && c.may(n) {
		c.room.Wait()
	}
	if !c.may(n) {
		return false
	}
	now := time.Since(c.run.start)
	intended := now
	if open {
		intended = c.intended(n)
	}
	if c.unanswered == 0 {
		c.heard = now
	}
	if c.unanswered++; c.run.o.Replies > 0 {
		c.due.push(times{intended, now})
	}
	c.sent++
	return true
}

// receive takes answers until all are there and nothing more is sent.
func (c *conn) receive() {
	defer close(c.gone)
	for {
		msg, err := c.link.Recv()
		if err != nil {
			c.mu.Lock()
			expected := c.done && c.due.n == 0
			c.mu.Unlock()
			c.lost(err, expected)
			return
		}
		if c.answer(len(msg)) {
			return
		}
	}
}

// answer counts a message of n bytes that has come. It reports whether it was the
// last.
func (c *conn) answer(n int) (last bool) {
	c.mu.Lock()
	now := time.Since(c.run.start)
	c.heard = now
	full := c.due.full()
	t, answered := c.due.answer()
	if answered {
		c.answered++
		c.unanswered--
		if full {
			c.room.Signal()
		}
		last = c.done && c.due.n == 0
	}
	c.mu.Unlock()
	if answered {
		c.shard.record(now, now-t.intended, now-t.actual, n)
	} else {
		c.shard.extra(n)
	}
	return last
}
