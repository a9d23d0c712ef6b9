package packetstream

import (
	"context"
	"sync"
)

// A Pending is a request that was sent. Its methods are safe for concurrent use.
type Pending struct {
	conn *Conn
	id   id
	size int // bytes of the request's payload

	once  sync.Once
	done  chan struct{} // closed when the rest is set
	reply Reply
	err   error
}

// Tag returns the number by which the reply will name the request.
func (p *Pending) Tag() uint64 { return p.id.tag }

// Done returns a channel that is closed when Wait will return at once.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Wait returns the reply, once it is there. A rejection is a [*RejectError]. When
// ctx ends first it returns why, and the reply can still be waited for.
func (p *Pending) Wait(ctx context.Context) (Reply, error) {
	select {
	case <-p.done:
		return p.reply, p.err
	default:
	}
	if FromContext(ctx) == p.conn {
		if p.conn.o.Inline {
			return Reply{}, ErrInline
		}
		p.conn.mu.Lock()
		p.conn.park(ctx)
		p.conn.mu.Unlock()
		defer func() {
			p.conn.mu.Lock()
			p.conn.unpark(ctx)
			p.conn.mu.Unlock()
		}()
	}
	if ctx.Done() == nil { // as the select below, in less time
		<-p.done
		return p.reply, p.err
	}
	select {
	case <-p.done:
		return p.reply, p.err
	case <-ctx.Done():
		return Reply{}, context.Cause(ctx)
	}
}

// Cancel gives the reply up: whoever waits for it gets context.Canceled, and it will
// be ignored. The peer is not told, and still works on it.
func (p *Pending) Cancel() { p.end(Reply{}, context.Canceled) }

// end sets the outcome, unless there is one.
func (p *Pending) end(r Reply, err error) {
	p.once.Do(func() {
		p.reply, p.err = r, err
		close(p.done)
	})
}
