package main

import (
	"crypto/tls"
	"strings"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/socket"
)

// selfSigned makes a certificate for a TLS listener that was given none, and
// prints its fingerprint so that a client can be told.
func selfSigned(e *env, address string, o *endpoint.Options) error {
	if !strings.HasPrefix(address, "tls://") && !strings.HasPrefix(address, "wss://") {
		return nil
	}
	if o.TLS == nil {
		o.TLS = &tls.Config{}
	}
	if len(o.TLS.Certificates) > 0 {
		return nil
	}
	certificate, err := socket.SelfSigned("localhost", "127.0.0.1", "::1")
	if err != nil {
		return err
	}
	o.TLS.Certificates = []tls.Certificate{certificate}
	e.say("self-signed certificate, SHA-256 %s", socket.Fingerprint(certificate))
	return nil
}
