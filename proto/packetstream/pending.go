package packetstream

import "context"

// A Pending is a request that was sent. Its methods are safe for concurrent use.
type Pending struct {
	conn *Conn
	id   id
	size int // bytes of the request's payload

	// The mutex of the Conn guards the rest, until ended is set.
	ended  bool
	waited bool          // Wait was called
	done   chan struct{} // closed when ended; made when somebody needs it
	reply  Reply
	err    error
}

// Tag returns the number by which the reply will name the request.
func (p *Pending) Tag() uint64 { return p.id.tag }

// Done returns a channel that is closed when Wait will return at once.
func (p *Pending) Done() <-chan struct{} {
	p.conn.mu.Lock()
	defer p.conn.mu.Unlock()
	p.conn.mustRead()
	return p.doneChannel()
}

func (p *Pending) doneChannel() chan struct{} {
	if p.done == nil {
		p.done = make(chan struct{})
		if p.ended {
			close(p.done)
		}
	}
	return p.done
}

// Wait returns the reply, once it is there. A rejection is a [*RejectError]. When
// ctx ends first it returns why, and the reply can still be waited for.
func (p *Pending) Wait(ctx context.Context) (Reply, error) {
	c := p.conn
	c.mu.Lock()
	if FromContext(ctx) == c && !p.ended {
		c.park(ctx)
		defer func() {
			c.mu.Lock()
			c.unpark(ctx)
			c.mu.Unlock()
		}()
	}
	if !p.ended && ctx.Err() == nil {
		p.waited = true
		if !c.taken && c.recallable() {
			c.lead(ctx, p)
		}
	}
	if p.ended {
		c.mu.Unlock()
		return p.reply, p.err
	}
	c.mustRead()
	done := p.doneChannel()
	c.mu.Unlock()
	if ctx.Done() == nil { // as the select below, in less time
		<-done
		return p.reply, p.err
	}
	select {
	case <-done:
		return p.reply, p.err
	case <-ctx.Done():
		return Reply{}, context.Cause(ctx)
	}
}

// Cancel gives the reply up: whoever waits for it gets context.Canceled, and it will
// be ignored. The peer is not told, and still works on it.
func (p *Pending) Cancel() {
	p.conn.mu.Lock()
	defer p.conn.mu.Unlock()
	p.end(Reply{}, context.Canceled)
	p.conn.recall(p)
}

// end sets the outcome, unless there is one. The caller holds the mutex of the Conn.
func (p *Pending) end(r Reply, err error) {
	if p.ended {
		return
	}
	p.ended, p.reply, p.err = true, r, err
	if p.done != nil {
		close(p.done)
	}
}
