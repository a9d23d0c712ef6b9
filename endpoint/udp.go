package endpoint

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

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

	failed atomic.Pointer[error] // what the network has reported; the socket tells it once only

	mu  sync.Mutex // guards buf
	buf []byte
}

// fail makes err the end of it, for whoever receives too.
func (d *datagrams) fail(op string, err error) error {
	err = socket.DatagramError(op, d.address, err)
	if as, ok := errors.AsType[*socket.Error](err); ok && d.failed.CompareAndSwap(nil, &err) {
		_ = d.conn.SetReadDeadline(time.Unix(1, 0)) // it wakes the reader; a closed socket needs none
		return as
	}
	return err
}

func (d *datagrams) Recv() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.conn.Read(d.buf)
	if err != nil {
		if failed := d.failed.Load(); failed != nil {
			return nil, *failed
		}
		return nil, d.fail("read from", err)
	}
	return bytes.Clone(d.buf[:n]), nil
}

func (d *datagrams) Send(msg []byte) error {
	if len(msg) > socket.MaxDatagram {
		return frame.Refuse("a UDP datagram carries at most %d bytes", socket.MaxDatagram)
	}
	_, err := d.conn.Write(msg)
	return d.fail("write to", err)
}

// Flush tells what the network has reported: on one machine it does so at once.
func (d *datagrams) Flush() error {
	return d.fail("write to", socket.Pending(d.conn))
}

func (d *datagrams) Close() error { return d.conn.Close() }
