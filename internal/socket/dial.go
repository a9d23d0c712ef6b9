package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
)

// Dial connects to a. With TLS the handshake is done when it returns. "localhost"
// is tried as 127.0.0.1 and as ::1. The context governs the attempt, not the
// connection. The error is an [*Error], or an [*AddressError] for an option that
// does not fit.
func Dial(ctx context.Context, a Address, o *Options) (net.Conn, error) {
	attempt, cancel := context.WithTimeout(ctx, o.timeout())
	defer cancel()
	conn, err := dialPlain(attempt, a, o)
	if err == nil {
		if cfg := o.tls(a); cfg != nil {
			conn, err = handshake(attempt, conn, a, cfg)
		}
	}
	var usage *AddressError
	switch {
	case err == nil:
		return conn, nil
	case errors.As(err, &usage):
		return nil, err
	case ctx.Err() != nil: // the caller's doing; say so in the caller's words
		return nil, explain("dial", a, ctx.Err())
	}
	return nil, explain("dial", a, err)
}

func dialPlain(ctx context.Context, a Address, o *Options) (net.Conn, error) {
	local, err := o.local()
	if err != nil {
		return nil, err
	}
	if a.Network == "unix" {
		if err := abstractSupported(a); err != nil {
			return nil, err
		}
		if local != nil {
			return nil, badLocal(o.LocalAddr)
		}
		return new(net.Dialer).DialContext(ctx, "unix", a.Addr)
	}
	var d net.Dialer
	if local != nil {
		d.LocalAddr = local
	}
	var first error
	for _, addr := range o.expand(a.Addr) {
		conn, err := d.DialContext(ctx, o.network(), addr)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func abstractSupported(a Address) error {
	if a.Addr[0] == '@' && runtime.GOOS != "linux" && runtime.GOOS != "android" {
		return fmt.Errorf("abstract sockets: %w: only Linux has them; write unix:./%s for a file of that name", errors.ErrUnsupported, a.Addr)
	}
	return nil
}
