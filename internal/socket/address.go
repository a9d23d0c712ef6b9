// Package socket dials and listens on the byte-stream sockets of docs/spec.md §3:
// TCP, TLS and Unix.
//
//	5000  :5000  host:5000  [::1]:5000  tcp://host:5000   TCP
//	tls://host:5000                                       TLS over TCP
//	unix:PATH  unix:@NAME                                 Unix stream socket, abstract socket
//
// A bare port and an empty host mean localhost, for listening too: nothing is
// reachable from another machine unless it is asked for (0.0.0.0:5000).
//
// Every connection of this package has a CloseWrite method, which half-closes:
// the peer reads the end of the stream, and may go on sending.
package socket

import (
	"net"
	"strconv"
	"strings"
)

// Forms lists the addresses that Parse accepts, for messages to people.
const Forms = "port, :port, host:port, [::1]:port, tcp://host:port, tls://host:port, unix:PATH, unix:@NAME"

// An Address is a parsed address.
type Address struct {
	Scheme  string // "tcp", "tls" or "unix"
	Network string // "tcp" or "unix", as package net names it
	Addr    string // "host:port" with a numeric port, a path, or "@name"
}

// An AddressError is an address that cannot be understood or used in this place:
// a mistake of the caller, not of the network.
type AddressError struct {
	Address string
	Reason  string
	Hint    string // what to write instead; may be empty
}

func (e *AddressError) Error() string {
	s := "address " + strconv.Quote(e.Address) + ": " + e.Reason
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Parse reads an address. The error is an [*AddressError].
func Parse(s string) (Address, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return parseUnix(s, path)
	}
	scheme, hostport, ok := strings.Cut(s, "://")
	if !ok {
		scheme, hostport = "tcp", s
	}
	if scheme != "tcp" && scheme != "tls" {
		return Address{}, malformed(s, "unknown scheme "+strconv.Quote(scheme))
	}
	host, port, reason := splitHostPort(hostport)
	if reason != "" {
		return Address{}, malformed(s, reason)
	}
	return Address{Scheme: scheme, Network: "tcp", Addr: net.JoinHostPort(host, port)}, nil
}

// String returns the address as Parse reads it, with the scheme.
func (a Address) String() string { return spell(a.Scheme, a.Network, a.Addr) }

// Of spells the address of a connection or listener as [Address.String] does. It
// is empty where there is no address, as for the client's end of a Unix socket.
func Of(scheme string, addr net.Addr) string {
	if addr == nil {
		return ""
	}
	text := addr.String()
	if addr.Network() == "unix" && (text == "" || text == "@") {
		return ""
	}
	return spell(scheme, addr.Network(), text)
}

func spell(scheme, network, addr string) string {
	if network == "unix" {
		return "unix:" + addr
	}
	return scheme + "://" + addr
}

func malformed(address, reason string) error {
	return &AddressError{Address: address, Reason: reason, Hint: "write one of " + Forms}
}

func parseUnix(s, path string) (Address, error) {
	switch {
	case path == "":
		return Address{}, malformed(s, "no path")
	case path == "@":
		return Address{}, malformed(s, "no name after @")
	case strings.ContainsRune(path, 0):
		return Address{}, malformed(s, "a NUL in the path")
	}
	return Address{Scheme: "unix", Network: "unix", Addr: path}, nil
}

// splitHostPort returns the host and the numeric port, or the reason why there
// are none.
func splitHostPort(s string) (host, port, reason string) {
	if isDigits(s) {
		s = ":" + s
	}
	host, port, err := net.SplitHostPort(s)
	switch {
	case err == nil:
	case strings.Count(s, ":") > 1:
		return "", "", "an IPv6 address needs brackets and a port, as in [::1]:5000"
	default:
		return "", "", "no port"
	}
	if strings.ContainsAny(host, " \t\r\n\x00/@?#\"'") {
		return "", "", strconv.Quote(host) + " is not a host"
	}
	if host == "" {
		host = "localhost"
	}
	n, ok := portNumber(port)
	if !ok {
		return "", "", strconv.Quote(port) + " is not a port (0 to 65535, or the name of a service)"
	}
	return host, strconv.Itoa(n), ""
}

func portNumber(s string) (int, bool) {
	if isDigits(s) {
		n, err := strconv.ParseUint(s, 10, 16)
		return int(n), err == nil
	}
	if s == "" || (s[0]|0x20) < 'a' || (s[0]|0x20) > 'z' {
		return 0, false
	}
	n, err := net.LookupPort("tcp", s) // a local table, no network
	return n, err == nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
