package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"

	"github.com/chancat/channel/internal/child"
)

// An answerer makes the reply to a message. The message and the reply are
// borrowed. Several connections may ask at once.
type answerer func(ctx context.Context, msg []byte) ([]byte, error)

func echo(_ context.Context, msg []byte) ([]byte, error) { return msg, nil }

func fixed(reply []byte) answerer {
	return func(context.Context, []byte) ([]byte, error) { return reply, nil }
}

// shell answers with what the shell line makes of the message: stdin is the
// message, stdout the reply. Not many run at once; limit bounds a reply in bytes.
func shell(e *env, line string, limit int) answerer {
	slots := make(chan struct{}, 4*runtime.GOMAXPROCS(0))
	return func(ctx context.Context, msg []byte) ([]byte, error) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		defer func() { <-slots }()
		cmd := exec.CommandContext(ctx, "sh", "-c", line)
		cmd.Stderr = &childStderr{e: e}
		reply, err := child.Output(cmd, msg, limit)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case as[*exec.ExitError](err) != nil:
			e.warn(fmt.Errorf("--exec: %w", err)) // its output is still the reply
		case err != nil:
			return nil, fmt.Errorf("--exec: %w", err)
		}
		return reply, nil
	}
}
