package endpoint

import (
	"bytes"
	"context"
	"net"
	"sync"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/socket"
)

var udpScheme = scheme{
	prefix:  "udp://",
	form:    "udp://[HOST:]PORT",
	meaning: "UDP; one datagram is one message",
	dial:    dialUDP,
	listen:  listenUDP,
}

// datagramBuffer holds the largest datagram there is.
const datagramBuffer = 1 << 16

func dialUDP(ctx context.Context, address string, o *Options) (*Conn, error) {
	a, err := socket.ParseUDP(address)
	if err != nil {
		return nil, err
	}
	c, err := socket.DialUDP(ctx, a, o.socket())
	if err != nil {
		return nil, err
	}
	return &Conn{
		Messages: &datagrams{conn: c, address: a, buf: make([]byte, datagramBuffer)},
		Framing:  "udp", Local: name(c.LocalAddr()), Remote: name(c.RemoteAddr()),
	}, nil
}

// datagrams are messages to and from one peer. Where the network reports that
// nobody listens there, the next call tells.
type datagrams struct {
	conn    *net.UDPConn
	address socket.Address

	mu  sync.Mutex // guards buf
	buf []byte
}

func (d *datagrams) Recv() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.conn.Read(d.buf)
	if err != nil {
		return nil, socket.DatagramError("read from", d.address, err)
	}
	return bytes.Clone(d.buf[:n]), nil
}

func (d *datagrams) Send(msg []byte) error {
	if len(msg) > socket.MaxDatagram {
		return frame.Refuse("a UDP datagram carries at most %d bytes", socket.MaxDatagram)
	}
	_, err := d.conn.Write(msg)
	return socket.DatagramError("write to", d.address, err)
}

// Flush tells what the network has reported: on one machine it does so at once.
func (d *datagrams) Flush() error {
	return socket.DatagramError("write to", d.address, socket.Pending(d.conn))
}

func (d *datagrams) Close() error { return d.conn.Close() }
