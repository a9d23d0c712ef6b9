package main

import (
	"fmt"
	"net"

	"github.com/chancat/channel"
)

// The contenders of package channel differ in how they send and receive; those
// that name no way to receive use Messages.
var (
	buffered     = Contender{Name: "SendBuffered", Open: overChannel(true, byMessages)}
	sent         = Contender{Name: "Send", Open: overChannel(false, byMessages)}
	sentRecvInto = Contender{Name: "Send, RecvInto", Open: overChannel(false, byRecvInto)}
	sentRecv     = Contender{Name: "Send, Recv", Open: overChannel(false, byRecv)}
)

type receiving int

const (
	byMessages receiving = iota
	byRecvInto
	byRecv
)

func overChannel(buffered bool, by receiving) func(int) (Link, Link, error) {
	return overTCP(func(c *net.TCPConn, size int) Link {
		return &channelLink{
			Channel:  channel.New(c, nil),
			buffered: buffered,
			by:       by,
			buf:      make([]byte, 0, size),
		}
	})
}

type channelLink struct {
	*channel.Channel
	tally
	buffered bool
	by       receiving
	buf      []byte
}

// Send leaves it to SendBuffered to flush by itself.
func (l *channelLink) Send(msg []byte, n int) error {
	if l.buffered {
		for range n {
			if err := l.SendBuffered(msg); err != nil {
				return err
			}
		}
		return nil
	}
	for range n {
		if err := l.Channel.Send(msg); err != nil {
			return err
		}
	}
	return nil
}

func (l *channelLink) Receive(n int, use func([]byte) error) error {
	if l.by == byMessages {
		return l.receiveMessages(n, use)
	}
	for range n {
		msg, err := l.receiveOne()
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

func (l *channelLink) receiveOne() ([]byte, error) {
	if l.by == byRecv {
		return l.Recv()
	}
	return l.RecvInto(l.buf[:0])
}

func (l *channelLink) receiveMessages(n int, use func([]byte) error) error {
	if n == 0 {
		return nil
	}
	for msg, err := range l.Messages() {
		if err != nil {
			return err
		}
		l.received += int64(len(msg))
		if err := pass(msg, use); err != nil {
			return err
		}
		if n--; n == 0 {
			return nil
		}
	}
	return fmt.Errorf("the stream ended %d messages early", n)
}
