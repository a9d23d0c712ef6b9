// Package ws carries messages over WebSocket (RFC 6455): one WebSocket message is
// one message (docs/spec.md §3).
//
// It holds everything that the program knows about HTTP and about the WebSocket
// library below. Compression is not offered. Pings are answered while somebody
// is in Recv.
package ws

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/chancat/channel/internal/socket"
)

// A Kind is what a message says it holds.
type Kind int

const (
	Auto   Kind = iota // text for what is UTF-8, otherwise binary
	Text               // UTF-8
	Binary             // any bytes
)

// Options configures Dial and Listen. A nil *Options means all defaults.
type Options struct {
	Header      http.Header // sent with the request of Dial
	Subprotocol string      // asked for by Dial, agreed to by Listen; empty for none
	Kind        Kind        // of what is sent
	Max         int         // bytes in a received message; 0 means 16 MiB

	// TLS is for wss. A listener needs a certificate in it.
	TLS *tls.Config

	// Timeout bounds the handshakes of TLS and HTTP together. 0 means 10 s.
	Timeout time.Duration

	// Answered is called by Dial with the status, such as "101 Switching Protocols",
	// and the header of the answer that opens the WebSocket; nil for nobody.
	Answered func(status string, header http.Header)

	ReusePort bool   // as in socket.Options
	Family    int    // as in socket.Options
	LocalAddr string // as in socket.Options
}

const (
	defaultMax     = 16 << 20
	defaultTimeout = 10 * time.Second
	maxHeader      = 16 << 10 // bytes of an HTTP head
)

func (o *Options) orDefault() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.Max == 0 {
		d.Max = defaultMax
	}
	if d.Timeout == 0 {
		d.Timeout = defaultTimeout
	}
	return d
}

func (o *Options) socket() *socket.Options {
	return &socket.Options{TLS: o.TLS, Timeout: o.Timeout, ReusePort: o.ReusePort, Family: o.Family, LocalAddr: o.LocalAddr}
}

// parse returns the URL and the address of the socket under it. The error is a
// *socket.AddressError.
func parse(text string) (*url.URL, socket.Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, socket.Address{}, malformed(text, "not a URL")
	}
	var scheme, port string
	switch u.Scheme {
	case "ws":
		scheme, port = "tcp", "80"
	case "wss":
		scheme, port = "tls", "443"
	default:
		return nil, socket.Address{}, malformed(u.Redacted(), "not a WebSocket URL")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	if u.Hostname() == "" {
		u.Host = "localhost:" + port
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment = "" // never sent, RFC 6455 §3
	host := u.Hostname()
	if isIPv6 := len(u.Host) > 0 && u.Host[0] == '['; isIPv6 {
		host = "[" + host + "]"
	}
	a, err := socket.Parse(scheme + "://" + host + ":" + port)
	if err != nil {
		return nil, socket.Address{}, malformed(u.Redacted(), "no such host and port are possible")
	}
	return u, a, nil
}

func malformed(address, reason string) error {
	return &socket.AddressError{Address: address, Reason: reason, Hint: "write ws://host:port/path or wss://host:port/path"}
}

// A RefusedError is an answer over HTTP that does not accept the WebSocket.
type RefusedError struct {
	Status   int    // of HTTP, such as 401
	Location string // of a redirection, else empty
	Body     string // the start of the body, at most 200 bytes
}

func (e *RefusedError) Error() string {
	s := fmt.Sprintf("HTTP status %d %s", e.Status, http.StatusText(e.Status))
	if e.Location != "" {
		s += " to " + strconv.Quote(e.Location)
	}
	if e.Body != "" {
		s += ", saying " + strconv.Quote(e.Body)
	}
	return s
}

func (e *RefusedError) hint() string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "it wants to know who asks; give --header 'Authorization: …'"
	case e.Status == http.StatusForbidden:
		return "it may judge by the Origin or another header; give one with --header"
	case e.Status == http.StatusNotFound:
		return "check the path of the URL"
	case e.Location != "":
		return "redirections are not followed; use that address"
	case e.Status == http.StatusOK:
		return "there is an HTTP server, but no WebSocket at this path"
	}
	return ""
}

// A CloseError is a close frame that does not mean a normal end.
type CloseError struct {
	Code   int // RFC 6455 §7.4
	Reason string
}

func (e *CloseError) Error() string {
	s := fmt.Sprintf("the peer closed the WebSocket with status %d", e.Code)
	if e.Reason != "" {
		s += " and reason " + strconv.Quote(e.Reason)
	}
	return s
}
