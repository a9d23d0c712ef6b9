package endpoint

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"

	"github.com/chancat/channel/internal/socket"
)

var tlsScheme = scheme{
	prefix:  "tls://",
	form:    "tls://HOST:PORT",
	meaning: "TLS; a listener without a certificate makes a self-signed one",
	dial:    dialSocket,
	listen:  listenTLS,
}

func listenTLS(ctx context.Context, address string, o *Options) (Listener, error) {
	certified, fingerprint, err := o.certified(address)
	if err != nil {
		return nil, err
	}
	l, err := listenSocket(ctx, address, certified)
	if err != nil {
		return nil, err
	}
	l.(*socketListener).fingerprint = fingerprint
	return l, nil
}

// certified returns o with a certificate for the host of address, and the
// fingerprint of that when it was made here.
func (o *Options) certified(address string) (*Options, string, error) {
	cfg := o.TLS
	if cfg != nil && (len(cfg.Certificates) > 0 || cfg.GetCertificate != nil || cfg.GetConfigForClient != nil) {
		return o, "", nil
	}
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if u, err := url.Parse(address); err == nil {
		if h := u.Hostname(); h != "" && h != "localhost" && !isLocal(h) {
			hosts = append(hosts, h)
		}
	}
	cert, err := socket.SelfSigned(hosts...)
	if err != nil {
		return nil, "", &socket.Error{Op: "listen", Address: address, Err: err}
	}
	if cfg == nil {
		cfg = &tls.Config{}
	} else {
		cfg = cfg.Clone()
	}
	cfg.Certificates = []tls.Certificate{cert}
	own := *o
	own.TLS = cfg
	return &own, socket.Fingerprint(cert), nil
}

// isLocal reports whether host is an address that the certificate covers anyway,
// or one that no client connects to.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}
