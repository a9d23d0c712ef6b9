package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"github.com/chancat/channel/frame"
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
		slots <- struct{}{}
		defer func() { <-slots }()
		cmd := exec.CommandContext(ctx, "sh", "-c", line)
		reply := &limitedBuffer{limit: limit}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(msg), reply, &childStderr{e: e}
		cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
		switch err := cmd.Run(); {
		case reply.over:
			return nil, fmt.Errorf("--exec: %w: a reply of more than %d bytes", frame.ErrTooLarge, limit)
		case err != nil && cmd.ProcessState == nil:
			return nil, fmt.Errorf("--exec: %w", err)
		case err != nil:
			e.warn(fmt.Errorf("--exec: %w", err)) // its output is still the reply
		}
		return reply.kept.Bytes(), nil
	}
}

// limitedBuffer fails a write that would make it larger than limit.
type limitedBuffer struct {
	kept  bytes.Buffer // not embedded: its ReadFrom would go round Write
	limit int
	over  bool
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.kept.Len()+len(p) > b.limit {
		b.over = true
		return 0, frame.ErrTooLarge
	}
	return b.kept.Write(p)
}
