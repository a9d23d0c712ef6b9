package fastdaemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chancat/channel/internal/socket"
)

// maxDatagram is more than a datagram can have, so that none is cut.
const maxDatagram = 1 << 16

// ListenPacket opens the socket that [Server.ServePacket] serves: UDP for a TCP
// address, a Unix datagram socket for a Unix address, whose file has mode 0600 and
// takes the place of a stale one. Closing it removes the file.
func ListenPacket(ctx context.Context, addr string) (net.PacketConn, error) {
	a, err := socket.Parse(addr)
	if err != nil {
		return nil, err
	}
	network, name := datagramAddr(a)
	if network == "unixgram" {
		return socket.ListenUnixgram(ctx, a)
	}
	pc, err := new(net.ListenConfig).ListenPacket(ctx, network, name)
	if err != nil {
		return nil, &socket.Error{Op: "listen", Address: a.String(), Err: err}
	}
	return pc, nil
}

// datagramAddr is a as package net wants it for datagrams.
func datagramAddr(a socket.Address) (network, name string) {
	if a.Network == "unix" {
		return "unixgram", a.Addr
	}
	if port, ok := strings.CutPrefix(a.Addr, "localhost:"); ok {
		return "udp", "127.0.0.1:" + port // a datagram sent to ::1 in its place would just be lost
	}
	return "udp", a.Addr
}

// ServePacket answers requests that come as datagrams, one record in each, until
// ctx ends, and returns why it did. A reply goes back as one datagram; what does
// not fit in one is replaced by a remark on stderr. It closes pc.
func (s *Server) ServePacket(ctx context.Context, pc net.PacketConn) error {
	ctx, cancel := context.WithCancel(ctx)
	var served sync.WaitGroup
	defer served.Wait()
	defer cancel()
	defer pc.Close()
	defer context.AfterFunc(ctx, func() { pc.Close() })()
	workers := s.workers()
	waiting := make(chan struct{}, cap(workers)) // beyond these datagrams wait in the kernel
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := pc.ReadFrom(buf)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			s.logger().Warn("request", "error", err)
			continue
		case from == nil || from.String() == "":
			s.logger().Warn("request", "error", "a datagram of nobody, who could not get a reply")
			continue
		}
		datagram := append([]byte(nil), buf[:n]...)
		select {
		case waiting <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		served.Go(func() {
			defer func() { <-waiting }()
			s.datagram(ctx, pc, from, datagram, workers)
		})
	}
}

func (s *Server) datagram(ctx context.Context, pc net.PacketConn, from net.Addr, datagram []byte, workers chan struct{}) {
	log := s.logger().With("client", from.String())
	stdin, args, err := receiveDatagram(datagram, s.Chars)
	if err != nil {
		log.Warn("request", "error", err)
		return
	}
	reply := s.answer(ctx, Request{Stdin: stdin, Args: splitArgs(args)}, workers, log)
	record, err := appendRecord(nil, reply.Stdout, reply.Stderr)
	if err == nil {
		_, err = pc.WriteTo(record, from)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	log.Warn("reply", "error", err)
	remark := fmt.Appendf(nil, "the reply of %d bytes does not go into a datagram\n", len(record))
	if record, err = appendRecord(nil, nil, remark); err == nil {
		pc.WriteTo(record, from)
	}
}

// datagram is the exchange of [Client.Transfer] by datagrams. Nothing tells that
// one was lost: it waits until ctx ends.
func (c *Client) datagram(ctx context.Context, a socket.Address, request []byte) (Reply, error) {
	network, name := datagramAddr(a)
	var d net.Dialer
	if network == "unixgram" { // it needs a name of ours to answer to
		dir, err := os.MkdirTemp("", "fastdaemon")
		if err != nil {
			return Reply{}, err
		}
		defer os.RemoveAll(dir)
		d.LocalAddr = &net.UnixAddr{Net: network, Name: filepath.Join(dir, "reply")}
	}
	conn, err := d.DialContext(ctx, network, name)
	if err != nil {
		return Reply{}, &socket.Error{Op: "dial", Address: a.String(), Err: err}
	}
	defer conn.Close()
	defer interruptedBy(ctx, conn)()
	if _, err := conn.Write(request); err != nil {
		return Reply{}, fmt.Errorf("%s: a request of %d bytes: %w", a, len(request), err)
	}
	buf := make([]byte, maxDatagram)
	n, err := conn.Read(buf)
	if err != nil {
		return Reply{}, fmt.Errorf("%s: reply: %w", a, err)
	}
	stdout, stderr, err := receiveDatagram(buf[:n], c.Chars)
	if err != nil {
		return Reply{}, fmt.Errorf("%s: reply: %w", a, err)
	}
	return Reply{stdout, stderr}, nil
}
