package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/internal/socket"
)

const (
	backoffStart = 50 * time.Millisecond
	backoffMost  = 5 * time.Second
)

// dial connects, and tries again for waitUp while nothing listens.
func dial(ctx context.Context, address string, o *endpoint.Options, waitUp time.Duration) (conn *endpoint.Conn, err error) {
	down := func(err error) bool { return as[*socket.AddressError](err) == nil }
	err = whileDown(ctx, waitUp, down, func() error {
		conn, err = endpoint.Dial(ctx, address, o)
		return err
	})
	return conn, err
}

// whileDown makes call, and makes it again for waitUp while down says of its error
// that it may pass. The error is that of the last call.
func whileDown(ctx context.Context, waitUp time.Duration, down func(error) bool, call func() error) error {
	deadline := time.Now().Add(waitUp)
	for wait := backoffStart; ; wait = min(2*wait, backoffMost) {
		err := call()
		if err == nil || ctx.Err() != nil || !down(err) {
			return err
		}
		left := time.Until(deadline)
		if left <= 0 || pause.For(ctx, min(wait, left)) != nil {
			return err
		}
	}
}

// nothingListens reports whether err is that of a dial, which may succeed later.
func nothingListens(err error) bool {
	failed := as[*socket.Error](err)
	return failed != nil && failed.Op == "dial"
}

// isWebSocket and isUDP report whether messages to address stay whole whatever their
// framing.
func isWebSocket(address string) bool {
	return strings.HasPrefix(address, "ws://") || strings.HasPrefix(address, "wss://")
}

func isUDP(address string) bool { return strings.HasPrefix(address, "udp://") }

// errTimeout and errClosed are the ends of a conversation that still owes
// messages.
var (
	errTimeout = &codedError{exitTimeout, errors.New("timed out")}
	errClosed  = &codedError{exitClosed, errors.New("the peer closed the connection")}
)
