package repl

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/chancat/channel/endpoint"
	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/session"
)

// A state is how a connection stands.
type state int

const (
	open   state = iota
	closed       // the peer has ended its side; it may still listen
	lost         // nothing goes either way
)

func (s state) word() string { return [...]string{"", "closed", "lost"}[s] }

// A peer is the other end of a connection, or of several in a row where it was
// dialled again.
type peer struct {
	number  int
	address string // to dial again; empty for a client of ours
	server  bool   // we are the server

	greeting [][]byte // sent on every connection to address

	// slot is held by whoever writes to the connection, and so orders what is sent.
	// It is taken before Session.mu, and owns writer and written.
	slot    chan struct{}
	writer  *mutate.Writer
	written *delivery      // how writer writes
	wrote   *endpoint.Conn // to which

	// Session.mu guards the rest.
	conn     *endpoint.Conn
	connNo   int // of conn, in recordings
	state    state
	halved   bool // we have ended our side
	in       *inbound
	sent     int // messages, and bytes of their stream
	sentAt   int64
	heard    int
	heardAt  int64     // where the transport keeps messages apart
	asked    time.Time // when the last message was sent; zero once it was answered
	sentLast []byte    // for /bad: the last message
	beats    beats
}

// label names p for people.
func (p *peer) label() string {
	switch {
	case p.address != "":
		return p.address
	case p.conn.Remote != "":
		return p.conn.Remote
	}
	return fmt.Sprint("client ", p.number)
}

// condition is how p stands, for the prompt.
func (p *peer) condition() string {
	word := p.state.word()
	if p.halved && word == "" {
		word = "half-closed"
	}
	if p.in.broken != nil {
		return "broken " + word
	}
	return word
}

// connection is the connection of p unless it is lost.
func (p *peer) connection(s *Session) *endpoint.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.state == lost {
		return nil
	}
	return p.conn
}

func (p *peer) self() session.Side {
	if p.server {
		return session.Server
	}
	return session.Client
}

func (p *peer) other() session.Side {
	if p.server {
		return session.Client
	}
	return session.Server
}

// receives is what p sends in f.
func (p *peer) receives(f framing.Framing) framing.Direction {
	if p.server {
		return f.C2S
	}
	return f.S2C
}

func (p *peer) sends(f framing.Framing) framing.Direction {
	if p.server {
		return f.S2C
	}
	return f.C2S
}

// framingName is the framing of p for people: a transport that keeps messages apart
// has its own. s.mu is held.
func (s *Session) framingName(p *peer) string { return framingOf(p.conn, s.framing) }

func framingOf(conn *endpoint.Conn, f framing.Framing) string {
	if conn.Stream == nil && conn.Framing != "" {
		return conn.Framing
	}
	return f.Spelling
}

// attach makes conn the connection of p and starts to receive from it.
func (s *Session) attach(p *peer, conn *endpoint.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		conn.Close()
		return
	}
	s.conns++
	p.conn, p.connNo, p.state, p.halved = conn, s.conns, open, false
	p.in = newInbound(p.receives(s.framing))
	p.sent, p.sentAt, p.heard, p.heardAt, p.asked, p.beats = 0, 0, 0, 0, time.Time{}, beats{}
	if p.number == 0 {
		s.lastPeer++
		p.number = s.lastPeer
		s.peers = append(s.peers, p)
	}
	s.record(p, &session.Event{Kind: session.Open, Time: time.Now(), Local: conn.Local, Remote: conn.Remote, Framing: s.framing.Spelling})
	s.prompt()
	s.speak(func() { s.receive(p, conn) })
}

// secured is what is known of the TLS of a connection; empty if there is none.
func secured(conn *endpoint.Conn) string {
	t, ok := conn.Stream.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return ""
	}
	state := t.ConnectionState()
	if !state.HandshakeComplete {
		return "; TLS" // of a client, whose first bytes are still to come
	}
	text := fmt.Sprintf("; %s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
	if state.NegotiatedProtocol != "" {
		text += ", ALPN " + state.NegotiatedProtocol
	}
	if len(state.PeerCertificates) > 0 {
		c := state.PeerCertificates[0]
		text += fmt.Sprintf(", certificate of %s until %s", c.Subject, c.NotAfter.Format(time.DateOnly))
	}
	return text
}

// receive takes what comes on conn until its end.
func (s *Session) receive(p *peer, conn *endpoint.Conn) {
	buf := make([]byte, 32<<10)
	for {
		var body []byte
		var n int
		var err error
		if conn.Stream != nil {
			n, err = conn.Stream.Read(buf)
		} else {
			body, err = conn.Messages.Recv()
		}
		now := time.Now()
		s.mu.Lock()
		if p.conn != conn || p.state == lost {
			s.mu.Unlock()
			return // whoever lost it has told
		}
		var came []*message
		if conn.Stream == nil && err == nil {
			came = []*message{s.heard(p, wire.Frame{Offset: p.heardAt, Raw: body, Span: wire.Span{Body: len(body)}, Reads: 1}, body, now)}
			p.heardAt += int64(len(body))
		} else if conn.Stream != nil {
			came = s.arrived(p, buf[:n], err == io.EOF, now)
		}
		due := p.dueBeats()
		s.mu.Unlock()
		s.answer(p, came)
		s.answerBeats(p, due)
		if err != nil {
			s.ended(p, conn, err)
			return
		}
	}
}

// arrived decodes what has come. s.mu is held.
func (s *Session) arrived(p *peer, b []byte, ended bool, now time.Time) (came []*message) {
	if len(b) > 0 {
		s.record(p, &session.Event{Kind: session.Read, Time: now, From: p.other(), Offset: p.in.arrived(), N: len(b), Data: bytes.Clone(b)})
	}
	err := p.in.feed(b, ended, func(f wire.Frame, body []byte) {
		if !s.beat(p, f, body, now) {
			came = append(came, s.heard(p, f, body, now))
		}
	})
	if err == nil {
		return came
	}
	fault := s.fault(p, err)
	if f, ok := errors.AsType[*wire.Error](err); ok {
		s.recordBroken(p, f, fault, now)
	}
	if s.o.EndOnBroken && !s.trying {
		s.end(&BrokenError{p.label(), err, fault})
	} else {
		s.showFault(p, err, fault)
		s.prompt()
	}
	return came
}

// fault explains what broke the stream of p. s.mu is held.
func (s *Session) fault(p *peer, err error) link.Fault {
	data, offset := p.in.reader.Recent()
	f := link.FaultOf(err, s.framing, p.other(), data, offset+p.in.origin)
	f.Bytes = slices.Clone(f.Bytes[:min(len(f.Bytes), faultBytes)])
	return f
}

// heard counts, keeps and shows a message of p. s.mu is held.
func (s *Session) heard(p *peer, f wire.Frame, body []byte, now time.Time) *message {
	m := keep(p, f, body, now)
	s.opened(p, m.raw, false)
	p.heard++
	answers := 0
	if !p.asked.IsZero() {
		m.after = max(now.Sub(p.asked), 1)
		p.asked = time.Time{}
		answers = p.sent
	}
	s.counts.received(m)
	s.kept.add(m)
	s.record(p, &session.Event{
		Kind: session.Message, Time: now, From: p.other(), Seq: p.heard, Answers: answers, Latency: m.after,
		Offset: f.Offset, Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail, Reads: f.Reads, Data: m.body,
	})
	s.showMessage(m)
	return m
}

// keep copies a received frame.
func keep(p *peer, f wire.Frame, body []byte, now time.Time) *message {
	m := &message{peer: p.number, at: now, raw: append([]byte{}, f.Raw...), span: f.Span, offset: f.Offset}
	if inside := m.raw[f.Span.Head : f.Span.Head+f.Span.Body]; string(inside) == string(body) {
		m.body = inside
	} else {
		m.body = append([]byte{}, body...)
	}
	return m
}

// answer replies to messages of a client as the options ask.
func (s *Session) answer(p *peer, came []*message) {
	if s.o.Answer == nil || !p.server {
		return
	}
	for _, m := range came {
		reply, err := s.o.Answer(s.ctx, m.body)
		if err == nil {
			err = s.transmit(s.ctx, p, outgoing{body: reply})
		}
		if err != nil && s.ctx.Err() == nil {
			s.fail(err)
		}
	}
}
