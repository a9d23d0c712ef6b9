package repl

import (
	"context"
	"fmt"
	"time"

	"github.com/chancat/channel/endpoint"
	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/session"
)

// A delivery is how frames are written. It is not changed: another takes its place.
type delivery struct {
	mutate.Delivery
	gap time.Duration
}

// outgoing is something to be sent.
type outgoing struct {
	body  []byte // of a message
	typed bool   // body is what a person has typed, to be composed for the framing
	raw   []byte // bytes that are sent as they are, if how or beat is set
	how   string
	beat  bool // raw is a heartbeat, which is one frame
}

// transmit writes o to p. Cancelling it in the middle of a write closes the
// connection, which is at no boundary then.
func (s *Session) transmit(ctx context.Context, p *peer, o outgoing) error {
	select {
	case p.slot <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-p.slot }()
	conn, raw, how, err := s.prepare(p, o)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if conn.Stream == nil {
		err = conn.Messages.Send(raw)
	} else {
		err = p.write(s.ctx, conn, raw, how)
	}
	if err != nil && o.beat {
		s.lose(p, conn, err)
		return err
	}
	if err != nil {
		s.lose(p, conn, err)
		return fmt.Errorf("message %s may not have arrived: %w", quoted(o), err)
	}
	if o.beat {
		return nil
	}
	s.awaitReset(p, conn, o, resetFirst)
	return nil
}

const (
	resetFirst = 20 * time.Millisecond // after a send a reset is looked for; then after twice the time
	resetMost  = time.Second
)

// awaitReset looks whether a peer that has closed its side was gone altogether when o
// was sent to it, which a reset tells a little later.
func (s *Session) awaitReset(p *peer, conn *endpoint.Conn, o outgoing, after time.Duration) {
	s.mu.Lock()
	over := s.ctx.Err() != nil || p.conn != conn || p.state != closed
	s.mu.Unlock()
	if over || after > resetMost {
		return
	}
	time.AfterFunc(after, func() {
		defer s.guard()
		if err := resetOf(conn.Stream); err != nil {
			s.fail(fmt.Errorf("message %s has not arrived: the peer is gone", quoted(o)))
			s.lose(p, conn, err)
			return
		}
		s.awaitReset(p, conn, o, 2*after)
	})
}

// quoted is the start of what was to be sent.
func quoted(o outgoing) string {
	b := o.body
	if o.how != "" {
		b = o.raw
	}
	const most = 40
	return fmt.Sprintf("%q", b[:min(len(b), most)])
}

// write writes raw as d says. The caller holds the slot.
func (p *peer) write(ctx context.Context, conn *endpoint.Conn, raw []byte, d *delivery) error {
	if p.wrote != conn || p.written != d {
		if p.wrote == conn {
			p.writer.Flush()
		}
		p.writer, p.written, p.wrote = mutate.NewWriter(ctx, conn.Stream, d.Delivery, d.gap), d, conn
	}
	_, err := p.writer.Write(raw)
	return err
}

// prepare frames o, and tells of it before it is written: the answer must not be
// told first.
func (s *Session) prepare(p *peer, o outgoing) (*endpoint.Conn, []byte, *delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn, raw, sp := p.conn, o.raw, wire.Span{Body: len(o.raw)}
	switch {
	case p.state == lost:
		return nil, nil, nil, fmt.Errorf("%s is not connected; /connect ADDR connects", p.label())
	case p.halved:
		return nil, nil, nil, fmt.Errorf("half-closed: nothing more can be sent to %s; /connect ADDR makes a new connection", p.label())
	case o.beat:
		sp = spanOf(p.sends(s.framing).Codec, raw, p.sentAt == 0)
	case o.how == "" && conn.Stream == nil:
		raw, sp = append([]byte{}, o.body...), wire.Span{Body: len(o.body)}
	case o.how == "":
		d := p.sends(s.framing)
		var err error
		if c, ok := d.Codec.(framing.Composer); ok && o.typed {
			if o.body, err = c.Compose(nil, o.body); err != nil {
				return nil, nil, nil, err
			}
		}
		if raw, err = d.Codec.AppendFrame(nil, o.body); err != nil {
			return nil, nil, nil, err
		}
		sp = spanOf(d.Codec, raw, p.sentAt == 0)
	case conn.Stream == nil:
		return nil, nil, nil, fmt.Errorf("%s has only whole messages", p.label())
	}
	s.tellSent(p, o, raw, sp)
	return conn, raw, s.delivery, nil
}

// tellSent keeps, records and shows what is sent. s.mu is held.
func (s *Session) tellSent(p *peer, o outgoing, raw []byte, sp wire.Span) {
	now := time.Now()
	m := &message{peer: p.number, sent: true, at: now, raw: raw, span: sp, offset: p.sentAt, how: o.how}
	m.body = raw[sp.Head : sp.Head+sp.Body]
	if o.how == "" && !o.beat {
		if string(m.body) != string(o.body) {
			m.body = append([]byte{}, o.body...)
		}
		p.sentLast = m.body
	}
	s.opened(p, raw, true)
	p.beats.last = now
	if o.beat {
		s.counts.beats++
	} else {
		if s.asksBeat(p, raw) {
			p.beats.asked++
		}
		s.counts.sent(m)
		s.kept.add(m)
	}
	s.record(p, &session.Event{Kind: session.Read, Time: now, From: p.self(), Offset: p.sentAt, N: len(raw), Data: raw})
	if o.how == "" {
		p.sent++
		s.record(p, &session.Event{
			Kind: session.Message, Time: now, From: p.self(), Seq: p.sent, Offset: p.sentAt,
			Head: sp.Head, Body: sp.Body, Tail: sp.Tail, Reads: 1, Data: m.body,
		})
	}
	p.sentAt += int64(len(raw))
	if !o.beat {
		p.asked = now
		s.showMessage(m)
	}
}

// spanOf divides a frame that the codec itself made.
func spanOf(c wire.Codec, raw []byte, first bool) wire.Span {
	if f, ok := c.(wire.FirstScanner); ok && first {
		if sp, need, err := f.ScanFirst(raw, &wire.State{}); err == nil && need == 0 && sp.Len() == len(raw) {
			return sp
		}
	}
	sp, need, err := c.Scan(raw, &wire.State{})
	if err != nil || need > 0 || sp.Len() != len(raw) {
		return wire.Span{Body: len(raw)}
	}
	return sp
}
