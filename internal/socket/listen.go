package socket

import (
	"context"
	"errors"
	"net"
	"strings"
)

var errNoCertificate = errors.New("no certificate for TLS")

// Listen listens on a. "localhost" is 127.0.0.1, or ::1 on a machine that lacks
// the former; 0.0.0.0 is all interfaces by IPv4 and [::] all by both.
//
// A Unix socket's file has mode 0600, so that other users cannot connect until it
// is changed. A stale file, whose listener is gone, is replaced; one with a
// listener, and a file that is not a socket, are left alone. Close removes the
// file.
//
// The context governs setting up only: to stop listening, close the listener. The
// error is an [*Error].
func Listen(ctx context.Context, a Address, o *Options) (net.Listener, error) {
	l, err := listenPlain(ctx, a, o)
	if err != nil {
		return nil, explain("listen", a, err)
	}
	cfg := o.tls(a)
	if cfg == nil {
		return l, nil
	}
	if cfg.GetCertificate == nil && cfg.GetConfigForClient == nil && len(cfg.Certificates) == 0 {
		err = errNoCertificate
	} else {
		err = logKeys(cfg)
	}
	if err != nil {
		l.Close()
		return nil, explain("listen", a, err)
	}
	return &tlsListener{Listener: l, cfg: cfg, timeout: o.timeout()}, nil
}

func listenPlain(ctx context.Context, a Address, o *Options) (net.Listener, error) {
	if a.Network == "unix" {
		return listenUnix(ctx, a)
	}
	var lc net.ListenConfig
	if o != nil && o.ReusePort {
		lc.Control = reusePort
	}
	var first error
	for _, addr := range o.expand(a.Addr) {
		l, err := lc.Listen(ctx, listenNetwork(o.network(), addr), addr)
		if err == nil {
			return l, nil
		}
		if first == nil {
			first = err
		}
		if !errors.Is(err, errAddrNotAvail) {
			break // busy on 127.0.0.1 does not mean that ::1 was wanted
		}
	}
	return nil, first
}

// listenNetwork keeps 0.0.0.0 what it says; package net would listen on [::].
func listenNetwork(network, addr string) string {
	if network == "tcp" && strings.HasPrefix(addr, "0.0.0.0:") {
		return "tcp4"
	}
	return network
}
