package main

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// natsPub publishes to a NATS server in this process that nobody subscribes to,
// and flushes at the end: one hop, like the others. The server has taken every
// message when it answers the flush.
var natsPub = Contender{Name: "nats-pub", Open: func(size int) (near, far Link, err error) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, nil, fmt.Errorf("nats-server: not ready within 10 s")
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		s.Shutdown()
		return nil, nil, err
	}
	return natsPublisher{conn}, natsServer{s}, nil
}}

const natsSubject = "anchors"

type natsPublisher struct{ conn *nats.Conn }

func (p natsPublisher) Send(msg []byte, n int) error {
	for range n {
		if err := p.conn.Publish(natsSubject, msg); err != nil {
			return err
		}
	}
	return p.conn.Flush()
}

func (p natsPublisher) Receive(int, func([]byte) error) error { panic("publishes only") }
func (p natsPublisher) Received() int64                       { panic("publishes only") }

func (p natsPublisher) Close() error {
	p.conn.Close()
	return nil
}

type natsServer struct{ s *server.Server }

func (n natsServer) Send([]byte, int) error { panic("receives only") }

// Receive returns at once: the flush of the publisher waits for the server.
func (n natsServer) Receive(int, func([]byte) error) error { return nil }

// Received returns what the server has counted.
func (n natsServer) Received() int64 {
	v, err := n.s.Varz(nil)
	if err != nil {
		return -1
	}
	return v.InBytes
}

func (n natsServer) Close() error {
	n.s.Shutdown()
	n.s.WaitForShutdown()
	return nil
}
