package main

import (
	"io"
	"net"
)

// rawOneWrite has no framing: one write for each message, and a reader that
// takes whatever has come, 64 KiB at a time.
var rawOneWrite = Contender{Name: "raw-1w", Open: overTCP(func(c *net.TCPConn, size int) Link {
	return &rawLink{Conn: c, size: size, buf: make([]byte, max(size, 64<<10))}
})}

// rawFull is rawOneWrite with a reader that waits for each whole message.
var rawFull = Contender{Name: "raw-full", Open: overTCP(func(c *net.TCPConn, size int) Link {
	return &rawLink{Conn: c, size: size, buf: make([]byte, size), whole: true}
})}

type rawLink struct {
	net.Conn
	tally
	size  int
	buf   []byte
	whole bool
}

func (l *rawLink) Send(msg []byte, n int) error {
	for range n {
		if _, err := l.Write(msg); err != nil {
			return err
		}
	}
	return nil
}

func (l *rawLink) Receive(n int, use func([]byte) error) error {
	if !l.whole && use == nil {
		return l.drain(int64(n) * int64(l.size))
	}
	for range n {
		msg := l.buf[:l.size]
		if _, err := io.ReadFull(l.Conn, msg); err != nil {
			return err
		}
		l.received += int64(len(msg))
		if err := pass(msg, use); err != nil {
			return err
		}
	}
	return nil
}

// drain reads bytes without regard for the messages in them.
func (l *rawLink) drain(bytes int64) error {
	for bytes > 0 {
		n, err := l.Read(l.buf[:min(bytes, 64<<10)])
		if err != nil {
			return err
		}
		bytes -= int64(n)
		l.received += int64(n)
	}
	return nil
}
