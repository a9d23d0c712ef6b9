package main

import (
	"context"
	"io"
	"sync"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/pause"
)

// acceptEach calls serve for each client that comes to l, in a goroutine of its
// own and at most so many at once: more wait. Clients are numbered from 1. It
// returns when ctx has ended, or when the address has no more clients, and all are
// served. What a client could not be accepted for is told.
func acceptEach(ctx context.Context, e *env, l endpoint.Listener, most int, serve func(c *endpoint.Conn, number int)) error {
	var served sync.WaitGroup
	defer served.Wait()
	slots := make(chan struct{}, most)
	for number := 1; ; number++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		conn, err := acceptNext(ctx, e, l)
		if err == io.EOF { // this address has no more clients
			return nil
		}
		if err != nil {
			return err
		}
		served.Go(func() {
			defer func() { <-slots }()
			serve(conn, number)
		})
	}
}

// acceptNext returns the next client of l. A client that cannot be accepted is told
// of and leaves the listener as it was; where that happens again and again, as for
// want of descriptors, it is tried ever less often. The error is io.EOF or why ctx has ended.
func acceptNext(ctx context.Context, e *env, l endpoint.Listener) (*endpoint.Conn, error) {
	for wait := backoffStart; ; wait = min(2*wait, backoffMost) {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil, context.Cause(ctx)
		case err == nil || err == io.EOF:
			return conn, err
		}
		e.warn(err)
		if err := pause.For(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// acceptOne returns the one client of l that is served with --once, and closes l.
func acceptOne(ctx context.Context, l endpoint.Listener) (*endpoint.Conn, error) {
	conn, err := l.Accept()
	if ctx.Err() != nil {
		if err == nil {
			conn.Close()
		}
		return nil, context.Cause(ctx)
	}
	if err == nil {
		l.Close()
	}
	return conn, err
}
