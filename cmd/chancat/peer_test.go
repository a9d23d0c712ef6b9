package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/chancat/channel/internal/peertest"
)

// A peer takes the steps of a script on a bare TCP connection, so that a test
// decides about every byte. As VAR it listens, and sets that variable to its
// port; as VAR@PORT it connects. The steps:
//
//	send TEXT       writes
//	want TEXT       reads exactly these bytes
//	wanteof         reads the end of the stream
//	drain           reads until the end of the stream
//	taken           waits until the other end has read what was sent
//	pause TIME      does nothing
//	halfclose       ends its side
//	close           closes, and the next step is on the next connection
//	reset           closes so that the other end sees a reset
//	stall           neither reads nor writes until the test ends
//	deaf            listens no more
type peer struct {
	name     string
	listener *net.TCPListener // nil when it connects
	done     chan struct{}
	err      error // set before done is closed

	mu   sync.Mutex // guards conn, for the end of the test
	conn *net.TCPConn
	over chan struct{} // the test ends
}

type peersKey struct{}

func startPeer(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, -1, "peer VAR|VAR@PORT STEP...")
	name, target, connects := strings.Cut(args[0], "@")
	p := &peer{name: name, done: make(chan struct{}), over: make(chan struct{})}
	if connects {
		conn, err := net.Dial("tcp", "127.0.0.1:"+target)
		ts.Check(err)
		p.conn = conn.(*net.TCPConn)
	} else {
		l, err := peertest.Listen() // nobody listens there by chance when it is deaf
		ts.Check(err)
		p.listener = l
		ts.Setenv(name, fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	}
	ts.Value(peersKey{}).(map[string]*peer)[name] = p
	var steps []step
	for _, a := range args[1:] {
		verb, text, _ := strings.Cut(a, " ")
		steps = append(steps, step{a, verb, unquote(ts, text)})
	}
	go func() {
		defer close(p.done)
		for _, s := range steps {
			if err := p.take(s); err != nil {
				p.err = fmt.Errorf("%s: %s: %w", name, s.source, err)
				p.hangUp()
				return
			}
		}
	}()
	ts.Defer(func() {
		close(p.over)
		p.hangUp()
		<-p.done
	})
}

func peerDone(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1, "peerdone VAR")
	p := ts.Value(peersKey{}).(map[string]*peer)[args[0]]
	select {
	case <-p.done:
		ts.Check(p.err)
	case <-time.After(patience):
		ts.Fatalf("%s has not taken all its steps", p.name)
	}
}

type step struct {
	source, verb string
	text         []byte
}

// take takes one step, on the connection that is accepted if there is none.
func (p *peer) take(s step) error {
	switch s.verb {
	case "deaf":
		return p.listener.Close()
	case "pause":
		d, err := time.ParseDuration(string(s.text))
		time.Sleep(d)
		return err
	case "stall":
		if err := p.accept(); err != nil {
			return err
		}
		<-p.over
		return nil
	}
	if err := p.accept(); err != nil {
		return err
	}
	p.conn.SetDeadline(time.Now().Add(patience))
	switch s.verb {
	case "send":
		_, err := p.conn.Write(s.text)
		return err
	case "want":
		got := make([]byte, len(s.text))
		n, err := io.ReadFull(p.conn, got)
		if !bytes.Equal(got[:n], s.text) {
			return fmt.Errorf("got %q, %v", got[:n], err)
		}
		return nil
	case "wanteof":
		if rest, err := io.ReadAll(p.conn); err != nil || len(rest) > 0 {
			return fmt.Errorf("got %q, %v", rest, err)
		}
		return nil
	case "taken":
		return taken(p.conn)
	case "drain":
		_, err := io.Copy(io.Discard, p.conn)
		return err
	case "halfclose":
		return p.conn.CloseWrite()
	case "reset":
		p.conn.SetLinger(0)
		return p.close()
	case "close":
		return p.close()
	}
	return errors.New("unknown step")
}

// hangUp takes no more steps: whoever waits for one sees that it is gone.
func (p *peer) hangUp() {
	if p.listener != nil {
		p.listener.Close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		p.conn.Close()
	}
}

func (p *peer) accept() error {
	if p.conn != nil {
		return nil
	}
	if p.listener == nil {
		return net.ErrClosed
	}
	p.listener.SetDeadline(time.Now().Add(patience))
	conn, err := p.listener.AcceptTCP()
	p.mu.Lock()
	p.conn = conn
	p.mu.Unlock()
	return err
}

func (p *peer) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.conn.Close()
	p.conn = nil
	return err
}
