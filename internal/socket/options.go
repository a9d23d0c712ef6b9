package socket

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Options configures Dial and Listen. A nil *Options means all defaults.
type Options struct {
	// TLS is the configuration for tls addresses; not nil, it asks for TLS on the
	// others too. A listener needs a certificate in it. It is not modified.
	TLS *tls.Config

	// Timeout bounds connecting and, separately for each accepted connection, the
	// TLS handshake; for Dial it bounds both together. 0 means 10 s.
	Timeout time.Duration

	ReusePort bool   // let other listeners that also ask for it share the port (SO_REUSEPORT)
	Family    int    // 4 or 6 for that version of IP only, 0 for either
	LocalAddr string // what Dial connects from: "IP", "IP:port" or ":port"
}

const defaultTimeout = 10 * time.Second

func (o *Options) timeout() time.Duration {
	if o == nil || o.Timeout == 0 {
		return defaultTimeout
	}
	return o.Timeout
}

// tls returns the configuration to use for a, nil for none.
func (o *Options) tls(a Address) *tls.Config {
	switch {
	case o != nil && o.TLS != nil:
		return o.TLS.Clone()
	case a.Scheme == "tls":
		return &tls.Config{}
	}
	return nil
}

// network narrows "tcp" to one version of IP.
func (o *Options) network() string {
	if o == nil || o.Family == 0 {
		return "tcp"
	}
	return "tcp" + strconv.Itoa(o.Family)
}

// loopback returns the addresses that "localhost" stands for, the preferred one
// first. They are fixed, as RFC 6761 allows: no resolver can send a connection to
// localhost elsewhere, or is needed at all.
func (o *Options) loopback() []string {
	switch o.network() {
	case "tcp4":
		return []string{"127.0.0.1"}
	case "tcp6":
		return []string{"::1"}
	}
	return []string{"127.0.0.1", "::1"}
}

// expand returns addr with the host localhost replaced by each of its addresses.
func (o *Options) expand(addr string) []string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != "localhost" {
		return []string{addr}
	}
	var addrs []string
	for _, ip := range o.loopback() {
		addrs = append(addrs, net.JoinHostPort(ip, port))
	}
	return addrs
}

// local returns the address to connect from, nil for any.
func (o *Options) local() (*net.TCPAddr, error) {
	if o == nil || o.LocalAddr == "" {
		return nil, nil
	}
	host, port, err := net.SplitHostPort(o.LocalAddr)
	if err != nil {
		host, port = o.LocalAddr, "0"
	}
	n, ok := portNumber(port)
	if !ok {
		return nil, badLocal(o.LocalAddr)
	}
	if host == "" {
		return &net.TCPAddr{Port: n}, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil, badLocal(o.LocalAddr)
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(n))), nil
}

func badLocal(s string) error {
	return &AddressError{Address: s, Reason: "not a local address", Hint: "write IP, IP:port or :port"}
}
