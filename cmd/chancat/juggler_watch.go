package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/pause"
	"github.com/chancat/channel/proto/juggler"
)

type jugglerWatch struct {
	jugglerClient
	count     int
	one       bool
	wait      seconds
	reconnect bool
	notify    bool
}

func newJugglerWatch(e *env) *cobra.Command {
	c := &jugglerWatch{jugglerClient: jugglerClient{e: e}}
	cmd := &cobra.Command{
		Use:   "watch [flags] URL",
		Short: "print each new state of a server, one line of JSON each",
		Long: `Print each new state of a server as one line of JSON, until the server closes
the connection. A change that does not apply to the state here is an error, exit
status 4; with --reconnect the whole state is fetched anew.`,
		Example: `  chancat juggler watch ws://localhost:23021/ws | jq .temperature
  chancat juggler watch -1 --wire 0.6 ws://localhost:23021/ws`,
		Args: exactArgs("URL"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	c.add(cmd)
	flags := cmd.Flags()
	flags.IntVarP(&c.count, "count", "n", 0, "end after `N` states")
	flags.BoolVarP(&c.one, "one", "1", false, "the same as -n 1")
	flags.VarP(&c.wait, "wait", "w", "end when this time has passed without a new state")
	flags.BoolVar(&c.reconnect, "reconnect", false, "connect again where the connection or the state is lost")
	flags.BoolVar(&c.notify, "notifications", false, "show notifications on stderr")
	cmd.MarkFlagsMutuallyExclusive("count", "one")
	return cmd
}

func (c *jugglerWatch) run(ctx context.Context, url string) error {
	if c.one {
		c.count = 1
	}
	if c.count < 0 {
		return usage(fmt.Errorf("-n %d: want at least 1", c.count))
	}
	o, err := c.options(ctx)
	if err != nil {
		return err
	}
	states, faults, ends := make(chan json.RawMessage), make(chan error), make(chan error)
	stop := make(chan struct{})
	defer close(stop)
	o.OnChange = func(state json.RawMessage) {
		select {
		case states <- state:
		case <-stop:
		}
	}
	o.OnError = func(err error) {
		select {
		case faults <- err:
		case <-stop:
		}
	}
	o.OnClose = func(err error) {
		select {
		case ends <- err:
		case <-stop:
		}
	}
	if c.notify {
		o.OnNotify = func(name string, data json.RawMessage) { c.e.say("notification %q %s", name, data) }
	}
	client, err := c.connect(ctx, url, o)
	if err != nil {
		return err
	}
	go func() { // Close waits for the callbacks, and they for stop
		<-stop
		client.Close()
	}()
	return c.print(ctx, client, states, faults, ends)
}

func (c *jugglerWatch) print(ctx context.Context, client *juggler.Client, states <-chan json.RawMessage, faults, ends <-chan error) error {
	var last json.RawMessage
	for printed := 0; ; {
		var late <-chan time.Time
		if c.wait > 0 {
			late = time.After(time.Duration(c.wait))
		}
		var lost error
		select {
		case state := <-states:
			if bytes.Equal(state, last) {
				continue // the same, after a new connection
			}
			last = state
			if _, err := fmt.Fprintf(c.e.stdout, "%s\n", state); err != nil {
				return err
			}
			if printed++; printed == c.count {
				return nil
			}
			continue
		case <-late:
			if c.count > 0 {
				return errTimeout
			}
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-faults:
			lost = &codedError{exitBroken, err}
		case lost = <-ends:
			if client.Err() == nil {
				continue // of the connection before
			}
			if lost == io.EOF && c.count == 0 && !c.reconnect {
				return nil
			}
			lost = jugglerEnded(lost)
		}
		if !c.reconnect {
			return lost
		}
		c.e.warn(lost)
		if err := c.again(ctx, client); err != nil {
			return err
		}
	}
}

// again connects anew, for as long as it takes.
func (c *jugglerWatch) again(ctx context.Context, client *juggler.Client) error {
	for wait := backoffStart; ; wait = min(2*wait, backoffMost) {
		if err := pause.For(ctx, wait); err != nil {
			return err
		}
		err := client.Reconnect(ctx)
		if err == nil || errors.Is(err, context.Canceled) {
			return err
		}
		c.e.note("%v", err)
	}
}
