package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/text/escape"
)

// awkwardFlags are the ways of send to be a difficult client.
type awkwardFlags struct {
	chunks    string
	deliver   string
	gap       time.Duration
	pause     time.Duration
	size      int
	halfClose bool
	beside    int
	after     string
}

const (
	mostBeside = 100      // connections
	mostSize   = 64 << 20 // bytes
	afterWait  = 300 * time.Millisecond
)

func (f *awkwardFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.chunks, "chunks", "", "write each frame in pieces of these `SIZES` in bytes, such as 2,11")
	flags.StringVar(&f.deliver, "deliver", "", "`HOW` to write frames in awkward pieces: each-byte, split, merge[:N] or random:SEED")
	addTime(flags, &f.gap, "gap", mutate.DefaultGap, "pause between the pieces of --chunks and --deliver")
	addTime(flags, &f.pause, "pause", 0, "pause between the messages")
	flags.IntVar(&f.size, "size", 0, "repeat each MSG until it has `BYTES`")
	flags.BoolVarP(&f.halfClose, "half-close", "N", false, "half-close after the last message, before the replies")
	flags.IntVar(&f.beside, "beside", 0, "keep `N` other connections open meanwhile, on which the same was sent")
	flags.StringVar(&f.after, "after", "", "before, send these `BYTES`, which have escapes, on a connection of their own: is the peer well after them?")
	cmd.MarkFlagsMutuallyExclusive("chunks", "deliver")
	cmd.RegisterFlagCompletionFunc("deliver", completeDelivery())
}

// cutter is the flag that cuts frames.
func (f *awkwardFlags) cutter() string {
	if f.deliver != "" {
		return "--deliver"
	}
	return "--chunks"
}

// delivery says how frames are written.
func (f *awkwardFlags) delivery() (d mutate.Delivery, err error) {
	switch {
	case f.chunks != "":
		if d, err = mutate.ParseChunks(f.chunks); err != nil {
			return d, usage(fmt.Errorf("--chunks %w", err))
		}
	case f.deliver != "":
		if d, err = mutate.ParseDelivery(f.deliver); err != nil {
			return d, usage(fmt.Errorf("--deliver %w", err))
		}
	}
	switch {
	case f.beside < 0 || f.beside > mostBeside:
		return d, usage(fmt.Errorf("--beside %d: want a number from 0 to %d", f.beside, mostBeside))
	case f.size < 0 || f.size > mostSize:
		return d, usage(fmt.Errorf("--size %d: want a number of bytes up to %d", f.size, mostSize))
	case f.pause < 0:
		return d, usage(fmt.Errorf("--pause %v: want a time", f.pause))
	}
	return d, nil
}

// fill repeats what a person typed up to --size.
func (f *awkwardFlags) fill(msg []byte) ([]byte, error) {
	if f.size == 0 {
		return msg, nil
	}
	if len(msg) == 0 {
		return nil, usage(errors.New("--size repeats MSG, which is empty"))
	}
	return bytes.Repeat(msg, f.size/len(msg)+1)[:f.size], nil
}

// before does what has to be done before the connection itself is made: --after and
// --beside. What it returns closes the other connections.
func (f *awkwardFlags) before(ctx context.Context, e *env, address string, o *endpoint.Options, fr framing.Framing, messages [][]byte) (done func(), err error) {
	var others []*link.Link
	done = func() {
		for _, l := range others {
			l.Close()
		}
	}
	if f.after != "" {
		if err := f.disturb(ctx, e, address, o); err != nil {
			return done, err
		}
	}
	for range f.beside {
		conn, err := endpoint.Dial(ctx, address, o)
		if err != nil {
			return done, err
		}
		l := link.New(ctx, conn, link.Options{Framing: fr})
		others = append(others, l)
		defer context.AfterFunc(ctx, func() { l.Close() })()
		go discard(l) // an echo that nobody reads would hold up the sending
		batch := l.NewBatch()
		for _, msg := range messages {
			if err := batch.Send(msg); err != nil {
				return done, err
			}
		}
		if err := batch.Flush(); err != nil {
			return done, err
		}
	}
	return done, nil
}

// disturb sends the bytes of --after, half-closes, and closes when the peer has or
// after a moment.
func (f *awkwardFlags) disturb(ctx context.Context, e *env, address string, o *endpoint.Options) error {
	raw, err := escape.Unescape(nil, []byte(f.after))
	if err != nil {
		return usage(fmt.Errorf("--after: %w", err))
	}
	conn, err := endpoint.Dial(ctx, address, o)
	if err != nil {
		return err
	}
	defer conn.Close()
	if conn.Stream == nil {
		return usage(fmt.Errorf("--after writes to a stream of bytes, and %s has only whole messages", address))
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	expire := time.AfterFunc(afterWait, func() { conn.CloseWrite() })
	defer expire.Stop()
	end := time.AfterFunc(2*afterWait, func() { conn.Close() })
	defer end.Stop()
	if _, err := conn.Stream.Write(raw); err != nil {
		e.note("--after: %v", err) // how the peer takes it is seen by what comes after
		return nil
	}
	n, _ := io.Copy(io.Discard, io.LimitReader(conn.Stream, 1<<20))
	e.note("--after: %d bytes sent, %d received", len(raw), n)
	return nil
}
