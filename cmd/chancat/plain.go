package main

import (
	"context"
	"net"

	"github.com/chancat/channel/internal/socket"
)

// listenPlain listens on a TCP or Unix address and tells where.
func listenPlain(ctx context.Context, e *env, address, portFile string) (net.Listener, error) {
	a, err := socket.Parse(address)
	if err != nil {
		return nil, err
	}
	l, err := socket.Listen(ctx, a, nil)
	if err != nil {
		return nil, err
	}
	if err := announceSocket(e, l.Addr(), a.Scheme, portFile); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// announceSocket is announceAt for an address of package net.
func announceSocket(e *env, addr net.Addr, scheme, portFile string) error {
	port := 0
	switch a := addr.(type) {
	case *net.TCPAddr:
		port = a.Port
	case *net.UDPAddr:
		port = a.Port
	}
	address := socket.Of(scheme, addr)
	if a, ok := addr.(*net.UnixAddr); ok { // of datagrams too
		address = "unix:" + a.Name
	}
	return announceAt(e, address, port, portFile)
}
