package repl

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/session"
)

// childMost is how long a child may take to exit that has closed its stdout, before
// that is told by itself.
const childMost = 100 * time.Millisecond

// ended is the end of what p sends.
func (s *Session) ended(p *peer, conn *endpoint.Conn, err error) {
	_, halves := conn.Stream.(interface{ CloseWrite() error })
	if err != io.EOF || !halves || p.server && s.o.Answer != nil {
		if err == io.EOF {
			conn.CloseWrite()
		}
		s.lose(p, conn, err)
		return
	}
	child := conn.Ended()
	if child != nil {
		select {
		case <-child:
			s.lose(p, conn, err)
			return
		case <-time.After(childMost): // it goes on
		}
	}
	s.halved(p, conn)
	if p.server {
		s.linger(p, conn, time.Now())
	}
	if child != nil {
		<-child // which ends at the latest when somebody closes conn
		s.lose(p, conn, err)
	}
}

// halved is the end of the side of p alone.
func (s *Session) halved(p *peer, conn *endpoint.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.conn != conn || p.state == lost {
		return
	}
	p.state = closed
	s.record(p, &session.Event{Kind: session.Close, Time: time.Now(), From: p.other(), Reason: "eof"})
	s.Note("%sthe peer has closed its side", s.which(p))
	s.prompt()
}

// lingerMost is how long a client that has ended its side is kept while nothing is
// sent to it.
const lingerMost = time.Minute

// linger lets p go when nothing was sent to it for too long since then.
func (s *Session) linger(p *peer, conn *endpoint.Conn, then time.Time) {
	most := s.o.Linger
	if most == 0 {
		most = lingerMost
	}
	time.AfterFunc(most-time.Since(then), func() {
		defer s.guard()
		s.mu.Lock()
		over, last := s.ctx.Err() != nil || p.conn != conn || p.state != closed, p.beats.last
		s.mu.Unlock()
		switch {
		case over:
		case time.Since(last) >= most:
			s.lose(p, conn, fmt.Errorf("it had closed its side, and nothing was sent to it for %v", most))
		default:
			s.linger(p, conn, last)
		}
	})
}

// lose closes conn and tells why it is lost; nil where it was we.
func (s *Session) lose(p *peer, conn *endpoint.Conn, err error) {
	s.mu.Lock()
	if conn == nil || p.conn != conn || p.state == lost {
		s.mu.Unlock()
		return
	}
	recorded := p.state == closed
	p.state = lost
	from, reason := p.self(), "closed"
	if err != nil {
		from, reason = p.other(), reasonOf(err)
	}
	if !recorded {
		s.record(p, &session.Event{Kind: session.Close, Time: time.Now(), From: from, Reason: reason})
	}
	if s.ctx.Err() == nil {
		s.noteLoss(p, err)
	}
	if p.address == "" {
		s.forgetPeer(p)
	}
	s.prompt()
	s.mu.Unlock()
	conn.Close() // a child may take its time
	status := conn.Wait()
	if child, ok := errors.AsType[*endpoint.ExitError](status); ok && !child.Stopped && s.ctx.Err() == nil {
		s.Note("%s%v", s.whichNow(p), status)
	}
}

func (s *Session) noteLoss(p *peer, err error) {
	again := ""
	if p.address != "" {
		again = "; the next message connects again"
	}
	switch {
	case err == nil && p.address == "":
		s.Note("client %d is gone", p.number)
	case err == nil:
		s.Note("%sclosed", s.which(p))
	case err == io.EOF && p.address == "":
		s.Note("client %d is gone", p.number)
	case err == io.EOF:
		s.Note("%sthe peer has closed the connection%s", s.which(p), again)
	case p.address == "":
		s.Note("client %d is gone: %v", p.number, reason(err))
	default:
		s.Note("%sconnection lost: %v%s", s.which(p), reason(err), again)
	}
}

// reason is err without the addresses, which the person knows.
func reason(err error) error {
	if e, ok := err.(*net.OpError); ok {
		err = e.Err
	}
	if e, ok := err.(*os.SyscallError); ok {
		err = e.Err
	}
	return err
}
