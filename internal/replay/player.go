package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/session"
)

// A player is one connection on which a script is played.
type player struct {
	conn    *endpoint.Conn
	codec   frame.Codec    // of what we send
	reader  *frame.Reader  // nil where the transport frames by itself
	pieces  *mutate.Writer // nil there too
	self    session.Side
	only    func([]byte) bool
	arrived func(arrival) error
	surplus func() int // messages that came beside those that were to; nil means none

	received sync.WaitGroup
	stopping func() bool // stops closing when the context ends

	mu      sync.Mutex // guards the rest
	count   int        // messages that came
	moved   time.Time  // when we last moved
	err     error      // how the peer's stream ended
	ended   bool
	changed chan struct{} // closed when one of them changes
}

func newPlayer(ctx context.Context, c *endpoint.Conn, self session.Side, o *Options) *player {
	send, receive := directions(o.Framing, self)
	p := &player{conn: c, self: self, codec: send.Codec, only: o.Only, changed: make(chan struct{})}
	if c.Stream != nil {
		p.reader = frame.NewReader(c.Stream, receive.Codec, receive.Max)
		p.pieces = mutate.NewWriter(ctx, c.Stream, o.Delivery, o.Gap)
	}
	p.stopping = context.AfterFunc(ctx, func() { c.Close() })
	return p
}

// start begins to receive. arrived is called with each message; an error of it ends
// that.
func (p *player) start(arrived func(arrival) error) {
	p.arrived = arrived
	p.received.Go(p.receive)
}

// stop closes the connection.
func (p *player) stop() {
	p.stopping()
	p.conn.Close()
	p.received.Wait()
}

func (p *player) receive() {
	for {
		msg, err := p.next()
		now := time.Now()
		if err != nil {
			p.over(err)
			return
		}
		p.mu.Lock()
		var latency time.Duration
		if !p.moved.IsZero() {
			latency = now.Sub(p.moved)
		}
		seq := p.count + 1
		p.mu.Unlock()
		if p.only != nil && !p.only(msg) {
			continue
		}
		if err := p.arrived(arrival{body: msg, seq: seq, latency: latency}); err != nil {
			p.over(err)
			return
		}
		p.mu.Lock()
		p.count++
		p.notify()
		p.mu.Unlock()
	}
}

// over says why nothing more is received.
func (p *player) over(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err, p.ended = err, true
	p.notify()
}

// next returns the next message, which the caller owns.
func (p *player) next() ([]byte, error) {
	if p.reader == nil {
		return p.conn.Messages.Recv()
	}
	msg, err := p.reader.NextMessage()
	return bytes.Clone(msg), err
}

// nextWithin is next, which ends the connection after limit; 0 means never.
func (p *player) nextWithin(limit time.Duration) ([]byte, error) {
	if limit == 0 {
		return p.next()
	}
	var late atomic.Bool
	timer := time.AfterFunc(limit, func() {
		late.Store(true)
		p.conn.Close()
	})
	defer timer.Stop()
	msg, err := p.next()
	if err != nil && late.Load() {
		err = fmt.Errorf("%w: no message came within %v", ErrTimeout, limit)
	}
	return msg, err
}

// notify wakes who waits. p.mu is held.
func (p *player) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *player) state() (count int, changed <-chan struct{}, err error) {
	p.mu.Lock()
	count, changed, err = p.count, p.changed, p.err
	p.mu.Unlock()
	if p.surplus != nil {
		count -= p.surplus()
	}
	return count, changed, err
}

// await waits until n messages have come that were to, for as long as no message
// takes longer than limit; 0 means any time.
func (p *player) await(ctx context.Context, n int, limit time.Duration) error {
	for {
		count, changed, err := p.state()
		switch {
		case count >= n:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == io.EOF:
			return fmt.Errorf("%w after %d of %d messages", ErrClosed, count, n)
		case err != nil:
			return err
		}
		if err := wait(ctx, changed, limit); errors.Is(err, ErrTimeout) {
			return fmt.Errorf("%w: message %d did not come within %v", ErrTimeout, count+1, limit)
		} else if err != nil {
			return err
		}
	}
}

// drain waits for the end of the peer's stream, for no longer than limit without a
// message, and drainMost in all; with limit 0 for any time.
func (p *player) drain(ctx context.Context, limit time.Duration) error {
	for start := time.Now(); ; {
		_, changed, err := p.state()
		if err == nil {
			err = wait(ctx, changed, limit)
		}
		if err == nil && limit > 0 && time.Since(start) > drainMost {
			err = ErrTimeout
		}
		if err != nil {
			return err
		}
	}
}

// wait returns when something has changed, ctx has ended or limit has passed; 0
// means any time.
func wait(ctx context.Context, changed <-chan struct{}, limit time.Duration) error {
	var expired <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-expired:
		return ErrTimeout
	}
}

// move makes one move.
func (p *player) move(m *Move) error {
	if m.Kind == End {
		if err := p.closeWrite(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		return nil
	}
	p.mu.Lock()
	p.moved = time.Now()
	p.mu.Unlock()
	if p.reader == nil {
		if m.Kind == Message {
			return p.conn.Messages.Send(m.Body)
		}
		return p.conn.Messages.Send(m.Raw)
	}
	raw := m.Raw
	if raw == nil {
		var err error
		if raw, err = p.codec.AppendFrame(nil, m.Body); err != nil {
			return fmt.Errorf("message %d: %w", m.Seq, err)
		}
	}
	if _, err := p.pieces.Write(raw); err != nil {
		return p.writeFailed(err)
	}
	return nil
}

// writeFailed is the reason of a failed write: what the peer did before.
func (p *player) writeFailed(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended && p.err == io.EOF {
		return fmt.Errorf("%w while we were sending", ErrClosed)
	}
	return err
}

// flush writes what waits to be merged with the next write.
func (p *player) flush() error {
	if p.pieces == nil {
		return nil
	}
	return p.pieces.Flush()
}

func (p *player) closeWrite() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.conn.CloseWrite()
}

// fault is what is known of err, with which p has ended, where it is a broken
// frame.
func (p *player) fault(f framing.Framing, err error) link.Fault {
	if p.reader == nil {
		return link.Fault{}
	}
	p.stop()
	from := session.Server
	if p.self == session.Server {
		from = session.Client
	}
	fault := link.FaultIn(p.reader, f, from, err)
	fault.Bytes = bytes.Clone(fault.Bytes) // it is borrowed
	return fault
}

// directions is the codec pair as self needs it.
func directions(f framing.Framing, self session.Side) (send, receive framing.Direction) {
	if self == session.Server {
		return f.S2C, f.C2S
	}
	return f.C2S, f.S2C
}
