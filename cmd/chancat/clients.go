package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/link"
)

// drainSilence is how long a client that has ended its side waits for more of
// stdin before it is closed.
const drainSilence = 500 * time.Millisecond

// clients are the peers of a listener, to all of which stdin goes.
type clients struct {
	input *input
	ended chan struct{} // stdin has ended
	err   error         // why, unless at its end; read after ended is closed
	sent  atomic.Int64  // messages broadcast

	mu      sync.Mutex // guards links and arrival
	arrival sync.Cond  // links is not empty
	links   []*link.Link
}

func newClients(in *input) *clients {
	c := &clients{input: in, ended: make(chan struct{})}
	c.arrival.L = &c.mu
	return c
}

func (c *clients) add(l *link.Link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.links = append(slices.Clip(c.links), l) // a copy: broadcast may hold the old one
	c.arrival.Broadcast()
}

func (c *clients) remove(l *link.Link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.links = slices.DeleteFunc(slices.Clone(c.links), func(other *link.Link) bool { return other == l })
}

// present returns the clients, once there is one.
func (c *clients) present() []*link.Link {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.links) == 0 {
		c.arrival.Wait()
	}
	return c.links
}

// broadcast sends every message of stdin to each client, waiting for a first one
// if there is none. A client that does not read holds up the others: nothing is
// dropped. It returns why stdin came to an end early.
func (c *clients) broadcast() error {
	defer close(c.ended)
	for {
		msg, err := c.input.next()
		if err == io.EOF {
			return nil
		}
		for _, l := range c.present() {
			if err != nil {
				break
			}
			if sendErr := l.SendQueued(msg); errors.Is(sendErr, frame.ErrUnsendable) {
				err = c.input.failed(sendErr)
			}
		}
		if err != nil {
			c.err = err
			return err
		}
		c.sent.Add(1)
	}
}

// flush returns when all that was sent is with the streams of the clients, once
// there is one. A client that cannot be written to is gone.
func (c *clients) flush() {
	for _, l := range c.present() {
		l.Flush()
	}
}

// failure is why stdin came to an end early, if it has.
func (c *clients) failure() error {
	select {
	case <-c.ended:
		return c.err
	default:
		return nil
	}
}

// drain waits until stdin has ended or was silent for a while, and then for
// everything that was sent to l to be written.
func (c *clients) drain(ctx context.Context, l *link.Link, silence time.Duration) error {
	if silence == 0 {
		silence = drainSilence
	}
	for sent := int64(-1); sent != c.sent.Load(); {
		sent = c.sent.Load()
		timer := time.NewTimer(silence)
		select {
		case <-c.ended:
			timer.Stop()
			return l.Flush()
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
	return l.Flush()
}
