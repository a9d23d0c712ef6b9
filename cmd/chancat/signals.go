package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// A signalError is the end of a command by a signal.
type signalError struct{ signal syscall.Signal }

func (e *signalError) Error() string { return fmt.Sprintf("ended by %v", e.signal) }

// exitCode is what a shell reports for a process that the signal killed.
func (e *signalError) exitCode() int { return 128 + int(e.signal) }

// notifyContext returns a context that ends on the first SIGINT, SIGTERM or
// SIGHUP; the second ends the process. A SIGHUP that is ignored, by nohup, stays so.
func notifyContext(exit func(code int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	received := make(chan os.Signal, 2)
	signal.Notify(received, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(received, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case s := <-received:
				err := &signalError{s.(syscall.Signal)}
				if !first {
					exit(err.exitCode())
				}
				cancel(err)
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
