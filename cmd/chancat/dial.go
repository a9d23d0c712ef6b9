package main

import (
	"context"
	"errors"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/socket"
)

const (
	backoffStart = 50 * time.Millisecond
	backoffMost  = 5 * time.Second
)

// dial connects, and tries again for waitUp while nothing listens.
func dial(ctx context.Context, address string, o *endpoint.Options, waitUp time.Duration) (*endpoint.Conn, error) {
	deadline := time.Now().Add(waitUp)
	for pause := backoffStart; ; pause = min(2*pause, backoffMost) {
		conn, err := endpoint.Dial(ctx, address, o)
		if err == nil || as[*socket.AddressError](err) != nil || ctx.Err() != nil {
			return conn, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, err
		}
		if sleep(ctx, min(pause, left)) != nil {
			return nil, err
		}
	}
}

// sleep pauses for d, or until ctx ends: then it returns why.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// errTimeout and errClosed are the ends of a conversation that still owes
// messages.
var (
	errTimeout = &codedError{exitTimeout, errors.New("timed out")}
	errClosed  = &codedError{exitClosed, errors.New("the peer closed the connection")}
)
