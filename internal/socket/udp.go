package socket

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/chancat/channel/frame"
)

// MaxDatagram is the largest body of a UDP datagram, in bytes, over IPv4.
const MaxDatagram = 65507

// UDPForm is how an address of UDP is written.
const UDPForm = "udp://HOST:PORT"

// ParseUDP reads an address such as udp://host:5000; without a host it is
// localhost. The error is an [*AddressError].
func ParseUDP(s string) (Address, error) {
	host, port, reason := splitHostPort(strings.TrimPrefix(s, "udp://"))
	if reason != "" {
		return Address{}, &AddressError{Address: s, Reason: reason, Hint: "write " + UDPForm}
	}
	return Address{Scheme: "udp", Network: "udp", Addr: net.JoinHostPort(host, port)}, nil
}

// DialUDP returns a socket whose datagrams go to a and come from there only. The
// peer hears nothing of it. The error is an [*Error], or an [*AddressError] for an
// option that does not fit.
func DialUDP(ctx context.Context, a Address, o *Options) (*net.UDPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout())
	defer cancel()
	local, err := o.local()
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	if local != nil {
		d.LocalAddr = &net.UDPAddr{IP: local.IP, Port: local.Port, Zone: local.Zone}
	}
	c, err := d.DialContext(ctx, o.packets(), o.expand(a.Addr)[0])
	if err != nil {
		return nil, explain("dial", a, err)
	}
	return c.(*net.UDPConn), nil
}

// ListenUDP returns a socket that takes datagrams from anyone. The error is an
// [*Error].
func ListenUDP(ctx context.Context, a Address, o *Options) (*net.UDPConn, error) {
	var lc net.ListenConfig
	if o != nil && o.ReusePort {
		lc.Control = reusePort
	}
	var first error
	for _, addr := range o.expand(a.Addr) {
		network := o.packets()
		if strings.HasPrefix(addr, "0.0.0.0:") {
			network = "udp4"
		}
		c, err := lc.ListenPacket(ctx, network, addr)
		if err == nil {
			return c.(*net.UDPConn), nil
		}
		if first == nil {
			first = err
		}
		if !errors.Is(err, errAddrNotAvail) {
			break // busy on 127.0.0.1 does not mean that ::1 was wanted
		}
	}
	return nil, explain("listen", a, first)
}

func (o *Options) packets() string {
	if o == nil || o.Family == 0 {
		return "udp"
	}
	return "udp" + strconv.Itoa(o.Family)
}

// DatagramError explains what sending to a, or receiving from it, ended with. A
// datagram that is too large wraps [frame.ErrUnsendable]; other errors are an
// [*Error], but net.ErrClosed is returned as it is.
func DatagramError(op string, a Address, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, net.ErrClosed):
		return net.ErrClosed
	case errors.Is(err, errMessageSize):
		return frame.Refuse("a UDP datagram carries at most %d bytes", MaxDatagram)
	}
	return explain(op, a, err)
}

// Pending returns and clears an error that the network has reported for c, such as
// that nobody listens at the other end.
func Pending(c syscall.Conn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var pending error
	if err := raw.Control(func(fd uintptr) { pending = pendingError(fd) }); err != nil {
		return err
	}
	return pending
}
