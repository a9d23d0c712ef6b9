package main

import (
	"fmt"
	"io"
	"net"
)

// A Contender is one way to carry messages over a TCP connection whose two ends
// are in this process.
type Contender struct {
	Name string

	// Open connects two ends for messages of size bytes. It is nil where the
	// contender was not built in.
	Open func(size int) (near, far Link, err error)
}

// A Link is one end of a contender's connection. The loops over messages are
// inside it, so that what is timed holds no call through this interface.
type Link interface {
	// Send sends msg n times, and whatever a contender that only buffers needs
	// for them to leave. It keeps nothing of msg. Any number of goroutines may
	// be in Send.
	Send(msg []byte, n int) error

	// Receive waits for n messages. It passes each to use, unless that is nil,
	// as a slice that is borrowed until use returns.
	Receive(n int, use func(msg []byte) error) error

	// Received returns the bytes of all messages received so far. It is not
	// called during a Receive.
	Received() int64

	Close() error
}

// contenders are all that can open a link; each is tested and benchmarked.
func contenders() []Contender {
	var built []Contender
	for _, c := range []Contender{
		buffered, sent, sentRecvInto, sentRecv,
		rawOneWrite, rawFull, u32Buffered, u32OneWrite, flusher, natsPub, jrpc2LSP, jrpc2Line,
	} {
		if c.Open != nil {
			built = append(built, c)
		}
	}
	return built
}

// overTCP makes the Open of a contender that needs nothing but a connection.
func overTCP(link func(conn *net.TCPConn, size int) Link) func(int) (Link, Link, error) {
	return func(size int) (near, far Link, err error) {
		a, b, err := loopback()
		if err != nil {
			return nil, nil, err
		}
		return link(a, size), link(b, size), nil
	}
}

// loopback returns the two ends of a TCP connection.
func loopback() (dialled, accepted *net.TCPConn, err error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	// The kernel completes the connection from the backlog, so the dial needs no
	// goroutine.
	dialled, err = net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr))
	if err != nil {
		return nil, nil, err
	}
	accepted, err = l.AcceptTCP()
	if err != nil {
		dialled.Close()
		return nil, nil, err
	}
	return dialled, accepted, nil
}

// tally counts received bytes for a Link.
type tally struct{ received int64 }

func (t *tally) Received() int64 { return t.received }

// pass hands msg to use, if there is one.
func pass(msg []byte, use func([]byte) error) error {
	if use == nil {
		return nil
	}
	return use(msg)
}

// message returns size bytes that every contender can carry: no line feed, and
// no two neighbouring bytes alike, so that a shifted message is noticed.
func message(size int) []byte {
	m := make([]byte, size)
	for i := range m {
		m[i] = byte('!' + i%89)
	}
	return m
}

func bytesName(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%dMiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%dKiB", n>>10)
	}
	return fmt.Sprintf("%dB", n)
}

// closeAll closes each of cs.
func closeAll(cs ...io.Closer) {
	for _, c := range cs {
		c.Close()
	}
}
