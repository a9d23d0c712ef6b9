package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/chancat/channel/endpoint"
)

// clientsMost bounds the clients that are connected at once.
const clientsMost = 4096

// acceptPause follows a failed accept, such as for want of file descriptors.
const acceptPause = 50 * time.Millisecond

// Connect connects to address, sends what is to be sent at once, and makes it the
// target if there are others.
func (s *Session) Connect(ctx context.Context, address string) error {
	return s.connect(ctx, &peer{address: address, greeting: s.o.OnConnect, slot: make(chan struct{}, 1)})
}

func (s *Session) connect(ctx context.Context, p *peer) error {
	if err := s.dial(ctx, p); err != nil {
		return err
	}
	s.mu.Lock()
	if len(s.present()) > 1 {
		s.target = p.number
		s.prompt()
	}
	s.mu.Unlock()
	return s.greet(ctx, p)
}

// Connected is Connect for a connection that stands already.
func (s *Session) Connected(ctx context.Context, address string, conn *endpoint.Conn) error {
	p := &peer{address: address, greeting: s.o.OnConnect, slot: make(chan struct{}, 1)}
	s.welcome(p, conn)
	return s.greet(ctx, p)
}

// dial gives p a connection.
func (s *Session) dial(ctx context.Context, p *peer) error {
	s.mu.Lock()
	limit := s.framing.S2C.Max
	s.mu.Unlock()
	conn, err := s.o.Dial(ctx, p.address, limit)
	if err != nil {
		return err
	}
	s.welcome(p, conn)
	return nil
}

func (s *Session) welcome(p *peer, conn *endpoint.Conn) {
	s.mu.Lock()
	name := framingOf(conn, s.framing)
	s.mu.Unlock()
	remote := conn.Remote
	if remote == "" {
		remote = p.address
	}
	s.Note("connected to %s, framing %s%s; /help lists the commands", remote, name, secured(conn))
	s.attach(p, conn)
}

// greet sends what is to be sent on every connection.
func (s *Session) greet(ctx context.Context, p *peer) error {
	for _, msg := range p.greeting {
		if err := s.transmit(ctx, p, outgoing{body: msg}); err != nil {
			return err
		}
	}
	return nil
}

// Listen takes clients on address until the session ends.
func (s *Session) Listen(address string) error {
	s.mu.Lock()
	limit := s.framing.C2S.Max
	s.mu.Unlock()
	l, err := s.o.Listen(s.ctx, address, limit)
	if err != nil {
		return err
	}
	s.Note("listening on %s", l.Addr())
	if f := l.Fingerprint(); f != "" {
		s.Note("self-signed certificate, SHA-256 %s", f)
	}
	s.Serve(l)
	return nil
}

// Serve takes clients from l, which the session then owns.
func (s *Session) Serve(l endpoint.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, l)
	s.speak(func() { s.accept(l) })
	s.Note("waiting for clients, framing %s; /help lists the commands", s.framing.Spelling)
	s.prompt()
}

func (s *Session) accept(l endpoint.Listener) {
	defer s.stopListening(l)
	for {
		conn, err := l.Accept()
		switch {
		case s.ctx.Err() != nil, errors.Is(err, net.ErrClosed), err == io.EOF:
			if err == nil {
				conn.Close()
			}
			return
		case err != nil:
			s.fail(err)
			timer := time.NewTimer(acceptPause)
			select {
			case <-timer.C:
			case <-s.ctx.Done():
			}
			timer.Stop()
			continue
		case s.crowded():
			conn.Close()
			s.Note("a client more than %d was turned away", clientsMost)
			continue
		}
		p := &peer{server: true, slot: make(chan struct{}, 1)}
		s.attach(p, conn)
		from := ""
		if conn.Remote != "" {
			from = " from " + conn.Remote
		}
		s.Note("client %d connected%s%s", p.number, from, secured(conn))
		if s.o.Once {
			return
		}
	}
}

func (s *Session) stopListening(l endpoint.Listener) {
	l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = slices.DeleteFunc(slices.Clone(s.listeners), func(other endpoint.Listener) bool { return other == l })
	s.prompt()
}

func (s *Session) crowded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.peers) >= clientsMost
}

// send sends body as one message to the targets, connecting again to those that
// were lost.
func (s *Session) send(ctx context.Context, body []byte) error {
	return s.sendOut(ctx, outgoing{body: body})
}

// sendTyped is send for what a person has typed.
func (s *Session) sendTyped(ctx context.Context, text string) error {
	return s.sendOut(ctx, outgoing{body: []byte(text), typed: true})
}

func (s *Session) sendOut(ctx context.Context, o outgoing) error {
	targets, err := s.targets()
	if err != nil {
		return err
	}
	for _, p := range targets {
		err = errors.Join(err, s.sendTo(ctx, p, o))
	}
	return err
}

func (s *Session) sendTo(ctx context.Context, p *peer, o outgoing) error {
	if p.address != "" && p.connection(s) == nil {
		if err := s.dial(ctx, p); err != nil {
			return fmt.Errorf("message %s was not sent: %w", quoted(o), err)
		}
		if err := s.greet(ctx, p); err != nil {
			return err
		}
	}
	return s.transmit(ctx, p, o)
}

// targets are the peers to which a typed message goes.
func (s *Session) targets() ([]*peer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.target != 0 {
		p := s.peer(s.target)
		if p == nil {
			return nil, fmt.Errorf("there is no peer %d any more; /peers lists them, /all sends to all", s.target)
		}
		return []*peer{p}, nil
	}
	if live := s.present(); len(live) > 0 {
		return live, nil
	}
	for _, p := range slices.Backward(s.peers) {
		if p.address != "" {
			return []*peer{p}, nil // it is dialled again
		}
	}
	if len(s.listeners) > 0 {
		return nil, errors.New("nobody is connected yet")
	}
	return nil, errors.New("not connected; /connect ADDR connects, /listen ADDR waits for clients")
}

// halfClose ends our side of every connection.
func (s *Session) halfClose(ctx context.Context) {
	s.mu.Lock()
	live := slices.Clone(s.present())
	s.mu.Unlock()
	for _, p := range live {
		conn := p.connection(s)
		if conn == nil {
			continue
		}
		if err := p.closeWrite(ctx, conn); errors.Is(err, errors.ErrUnsupported) {
			s.Note("%sthis transport has no half-close", s.whichNow(p))
			continue
		} else if err != nil {
			s.fail(err)
			continue
		}
		s.mu.Lock()
		p.halved = true
		s.mu.Unlock()
	}
	if s.o.Script == "" {
		s.Note("half-closed: nothing more can be sent; Ctrl-D again quits")
		s.promptNow()
	}
}

// closeWrite writes what waits to be merged, and ends our side of conn. It waits for
// whoever is writing; the end of ctx ends that, and closes conn in the middle of a
// write.
func (p *peer) closeWrite(ctx context.Context, conn *endpoint.Conn) error {
	select {
	case p.slot <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-p.slot }()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if p.wrote == conn {
		if err := p.writer.Flush(); err != nil {
			return err
		}
	}
	return conn.CloseWrite()
}

// closePeer closes the connection of p, and forgets p.
func (s *Session) closePeer(p *peer) {
	s.lose(p, p.connection(s), nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetPeer(p)
	s.prompt()
}

// The following need s.mu.

func (s *Session) present() []*peer {
	var live []*peer
	for _, p := range s.peers {
		if p.state != lost {
			live = append(live, p)
		}
	}
	return live
}

func (s *Session) peer(number int) *peer {
	for _, p := range s.peers {
		if p.number == number {
			return p
		}
	}
	return nil
}

func (s *Session) forgetPeer(p *peer) {
	s.peers = slices.DeleteFunc(slices.Clone(s.peers), func(other *peer) bool { return other == p })
	if s.target == p.number && p.address != "" {
		s.target = 0
	}
}

// several reports whether peers must be told apart.
func (s *Session) several(number int) bool {
	if len(s.listeners) > 0 || s.lastPeer > 1 {
		return true
	}
	p := s.peer(number)
	return p != nil && p.server
}

// which is what stands before a note on p.
func (s *Session) which(p *peer) string {
	if s.several(p.number) {
		return fmt.Sprintf("[%d] ", p.number)
	}
	return ""
}

func (s *Session) whichNow(p *peer) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.which(p)
}
