package main

import (
	"net"
	"sync"

	jrpc2 "github.com/creachadair/jrpc2/channel"
)

// jrpc2LSP is jrpc2's Content-Length framing. Its channels take one sender, so
// the link adds a mutex.
var jrpc2LSP = Contender{Name: "jrpc2-LSP", Open: overTCP(func(c *net.TCPConn, _ int) Link {
	return &jrpc2Link{ch: jrpc2.LSP(c, c)}
})}

// jrpc2Line is jrpc2's framing by line feeds.
var jrpc2Line = Contender{Name: "jrpc2-Line", Open: overTCP(func(c *net.TCPConn, _ int) Link {
	return &jrpc2Link{ch: jrpc2.Line(c, c)}
})}

type jrpc2Link struct {
	tally
	mu sync.Mutex // held to send
	ch jrpc2.Channel
}

func (l *jrpc2Link) Send(msg []byte, n int) error {
	for range n {
		l.mu.Lock()
		err := l.ch.Send(msg)
		l.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *jrpc2Link) Receive(n int, use func([]byte) error) error {
	for range n {
		msg, err := l.ch.Recv()
		if err != nil {
			return err
		}
		l.received += int64(len(msg))
		if err := pass(msg, use); err != nil {
			return err
		}
	}
	return nil
}

func (l *jrpc2Link) Close() error { return l.ch.Close() }
