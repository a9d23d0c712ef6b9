package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/tap"
)

// A statusError is the exit status of the program that tap runs, which becomes
// ours. The program has told why.
type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// wrap runs a program and stands on its stdin and stdout.
func (c *tapCommand) wrap(ctx context.Context, words []string) error {
	if err := c.out.open(c.e, c.framing.Spelling, true); err != nil {
		return err
	}
	var told sync.Once
	c.out.failed = func(err error) {
		told.Do(func() { c.e.warn(fmt.Errorf("no more messages are shown: %w", err)) }) // the program goes on
	}
	err := c.around(ctx, words)
	ended := c.out.closeAfter(err)
	if err == nil && as[*toldError](ended) != nil {
		return nil // the recording has failed, which was told: the status is the program's
	}
	return ended
}

func (c *tapCommand) around(ctx context.Context, words []string) error {
	streams := &endpoint.Options{Stdin: c.e.stdin, Stdout: c.e.stdout, Stderr: c.e.stderr}
	child, err := endpoint.Exec(words, streams)
	if err != nil {
		return err
	}
	c.e.patient.Store(true) // a signal is for the program
	defer context.AfterFunc(ctx, func() {
		if s := as[*signalError](context.Cause(ctx)); s != nil {
			child.Signal(s.signal) // it decides what to make of it
		}
	})()
	client, err := endpoint.Dial(context.WithoutCancel(ctx), "stdio:", streams)
	if err != nil {
		return err
	}
	o := c.options
	o.Number, o.Wraps, o.Stdin = 1, true, true
	o.Observe, o.Reads, o.Idle = c.out.observe, c.out.record != "", c.out.idle
	result := tap.Run(context.WithoutCancel(ctx), client, child, o)
	c.e.note("%s", account(result))
	if ended := as[*endpoint.ExitError](child.Wait()); ended != nil {
		return &statusError{ended.Status}
	}
	return nil
}
