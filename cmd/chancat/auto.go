package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/readahead"
)

const (
	// autoSpelling is the framing that is decided from the bytes.
	autoSpelling = "auto"

	autoMost = 4 << 20 // bytes that are held undecided
	autoRead = 64 << 10
)

// auto reports whether the framing is to be decided from the bytes.
func (e *env) auto() bool { return e.spelling() == autoSpelling }

// undecidedError is an answer that decides nothing.
type undecidedError struct{ answer detect.Answer }

func (e *undecidedError) Error() string {
	return "-f auto: cannot decide the framing: " + e.answer.Why + "; give it with -f, and see 'chancat detect'"
}

// settleBy asks d about bytes of which held have come. It returns the framing once
// it is decided; its error is an *undecidedError where no more is waited for.
func settleBy(d *detect.Decider, held int, ended bool, streams func() []detect.Stream) (framing.Framing, bool, error) {
	final := ended || held >= autoMost
	answer, asked := d.Decide(held, final, streams)
	switch {
	case asked && answer.Decided:
		f, err := framing.Parse(answer.Candidates[0].Framing)
		return f, true, err
	case final:
		return framing.Framing{}, false, &codedError{exitFailed, &undecidedError{answer}}
	}
	return framing.Framing{}, false, nil
}

// settleFile decides the framing of src, which is then where it was. A regular file
// is looked at as far as may be held; of what comes slowly, no more is awaited than
// decides it.
func (c *decodeCommand) settleFile(src *readahead.Reader, patient bool) (framing.Framing, error) {
	var (
		d     detect.Decider
		held  []byte
		ended bool
	)
	streams := func() []detect.Stream {
		g := gatherer{e: c.e, flags: c.source}
		err := g.read("", bytes.NewReader(held))
		if err != nil && ended {
			return nil // decoding says it again, and where
		}
		if len(g.open) == 0 && len(g.streams) == 1 {
			g.streams[0].Ended = ended
		}
		return g.streams
	}
	if patient {
		d.Await(autoMost)
	}
	buf := make([]byte, autoRead)
	for {
		n, err := src.Read(buf)
		if err != nil && err != io.EOF {
			return framing.Framing{}, err
		}
		held, ended = append(held, buf[:n]...), err == io.EOF
		f, ok, undecided := settleBy(&d, len(held), ended, streams)
		if undecided != nil && len(held) == 0 {
			f, _ = framing.Parse("line") // of nothing there are no messages in any framing
			ok, undecided = true, nil
		}
		if undecided != nil {
			c.e.sayCandidates(undecided)
			return framing.Framing{}, undecided
		}
		if ok {
			c.e.note("the framing is %s", f.Spelling)
			src.Unread(held)
			return f, nil
		}
	}
}

// settle waits until what the peer of c says decides the framing. What it said is
// shown raw meanwhile, and is then decoded from its start. Nothing is sent.
func settle(ctx context.Context, e *env, c *endpoint.Conn, silence time.Duration) (framing.Framing, error) {
	if c.Stream == nil {
		return framing.Parse("ws") // the transport frames by itself
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	var timedOut atomic.Bool
	if silence > 0 {
		t := time.AfterFunc(silence, func() { timedOut.Store(true); c.Close() })
		defer t.Stop()
	}
	e.note("-f auto: nothing is sent until what the peer says decides the framing")
	var (
		d    detect.Decider
		said = detect.Stream{From: detect.Server, Conn: 1}
	)
	for buf := make([]byte, autoRead); ; {
		n, err := c.Stream.Read(buf)
		switch {
		case ctx.Err() != nil:
			return framing.Framing{}, context.Cause(ctx)
		case timedOut.Load():
			return framing.Framing{}, fmt.Errorf("%w: -f auto: the peer has said %s within %v, which decide nothing; give the framing with -f",
				errTimeout, counted(len(said.Data), "byte", "bytes"), silence)
		case err != nil && err != io.EOF:
			return framing.Framing{}, err
		}
		from := len(said.Data)
		said.Data, said.Ended = append(said.Data, buf[:n]...), err == io.EOF
		f, ok, undecided := settleBy(&d, len(said.Data), said.Ended, func() []detect.Stream { return []detect.Stream{said} })
		if ok {
			e.say("the framing is %s", f.Spelling)
			c.Stream = replayed(c.Stream, said.Data)
			return f, nil
		}
		if n > 0 {
			e.showRaw(from, buf[:n])
		}
		if undecided != nil {
			e.sayCandidates(undecided)
			return framing.Framing{}, undecided
		}
	}
}

// sayCandidates shows on stderr what an answer that decides nothing has found.
func (e *env) sayCandidates(err error) {
	if u := as[*undecidedError](err); u != nil && len(u.answer.Candidates) > 0 {
		e.stderr.Write(candidateLines(u.answer))
	}
}

// rawShown bounds the bytes of one read that are shown undecoded.
const rawShown = 256

// showRaw shows on stderr bytes of which the framing is not decided yet.
func (e *env) showRaw(offset int, p []byte) {
	e.say("not decided yet, from byte %d: %q", offset, p[:min(len(p), rawShown)])
}

// replayed returns a stream that reads held before what s still brings.
func replayed(s io.ReadWriteCloser, held []byte) io.ReadWriteCloser {
	r := replayedStream{ReadWriteCloser: s, held: held}
	if h, ok := s.(interface{ CloseWrite() error }); ok {
		return &struct {
			*replayedStream
			halfCloser
		}{&r, h}
	}
	return &r
}

type halfCloser interface{ CloseWrite() error }

type replayedStream struct {
	io.ReadWriteCloser
	held []byte
}

func (r *replayedStream) Read(p []byte) (int, error) {
	if len(r.held) == 0 {
		return r.ReadWriteCloser.Read(p)
	}
	n := copy(p, r.held)
	r.held = r.held[n:]
	return n, nil
}
