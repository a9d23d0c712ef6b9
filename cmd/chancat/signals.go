package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// A signalError is the end of a command by a signal.
type signalError struct{ signal syscall.Signal }

func (e *signalError) Error() string { return fmt.Sprintf("ended by %v", e.signal) }

// exitCode is what a shell reports for a process that the signal killed.
func (e *signalError) exitCode() int { return 128 + int(e.signal) }

// endMost is how long a command may take to end after a signal: what it still has to
// say must not wait for a stdout that nobody reads.
const endMost = 5 * time.Second

// notifyContext returns a context that ends on the first SIGINT, SIGTERM or
// SIGHUP. The second ends the process by exit, and so does time unless patient is
// true then. interrupted is called for a first SIGINT, and given a moment. A SIGHUP
// that is ignored, by nohup, stays so.
func notifyContext(exit func(code int), patient func() bool, interrupted func()) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	received := make(chan os.Signal, 2)
	signal.Notify(received, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(received, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		var late <-chan time.Time
		var first *signalError
		for {
			select {
			case s := <-received:
				err := &signalError{s.(syscall.Signal)}
				if first != nil {
					exit(err.exitCode())
				}
				first, late = err, time.After(endMost)
				if err.signal == syscall.SIGINT {
					within(50*time.Millisecond, interrupted)
				}
				cancel(err)
			case <-late:
				if !patient() {
					exit(first.exitCode())
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(received)
		close(done)
		cancel(nil)
	}
}

// within calls f, and does not wait for it longer than d: a terminal may take nothing.
func within(d time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(d):
	}
}

// interruptible returns what f does, or why ctx has ended. A read of stdin cannot
// be interrupted: where f is in one, it stays there until the process ends.
func interruptible(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
