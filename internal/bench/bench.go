// Package bench measures how fast a peer answers messages.
//
// In a closed loop each connection keeps a number of messages unanswered, and sends
// the next when an answer comes. In an open loop messages are due at fixed times,
// whatever the peer does: latency counts from then, so that a peer which stalls is
// charged for every message that had to wait, and not for one.
package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/sender"
)

// Bounds of the options.
const (
	MaxConns    = 10_000
	MaxDepth    = 65_536
	MaxDuration = 24 * time.Hour
	MaxCount    = 1_000_000_000_000
	MaxRate     = 100_000_000 // messages a second
)

// DefaultPatience is how long an answer may take where nothing says so.
const DefaultPatience = 10 * time.Second

// Options says what is measured.
type Options struct {
	// Dial makes the connection of that number, from 1. Its link calls beforeRead
	// before it reads.
	Dial    func(ctx context.Context, number int, beforeRead func() error) (*link.Link, error)
	Message []byte // is sent each time; only read

	Conns   int // at once; 0 means 1
	Depth   int // messages that a connection may leave unanswered; 0 means 1
	Replies int // messages that answer one

	// Count and Duration end the run, whichever comes first; one is needed.
	Count    int64
	Duration time.Duration

	// Rate is of messages a second over all connections, in an open loop. 0 means a
	// closed loop.
	Rate float64

	Patience time.Duration // for an answer; 0 means DefaultPatience

	// Progress is called about twice a second; nil for nobody.
	Progress func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	Elapsed        time.Duration
	Sent, Answered int64
}

func (o *Options) check() error {
	o.Conns, o.Depth = max(o.Conns, 1), max(o.Depth, 1)
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	switch {
	case o.Conns > MaxConns:
		return fmt.Errorf("%d connections: at most %d", o.Conns, MaxConns)
	case o.Depth > MaxDepth:
		return fmt.Errorf("%d messages in flight: at most %d", o.Depth, MaxDepth)
	case o.Count < 0 || o.Count > MaxCount:
		return fmt.Errorf("%d messages: want 1 to %d", o.Count, int64(MaxCount))
	case o.Duration < 0 || o.Duration > MaxDuration:
		return fmt.Errorf("%v: want a time up to %v", o.Duration, MaxDuration)
	case o.Rate < 0 || o.Rate > MaxRate:
		return fmt.Errorf("%v messages a second: want up to %d", o.Rate, MaxRate)
	case o.Count == 0 && o.Duration == 0:
		return errors.New("nothing says when the run ends: want a number of messages or a time")
	}
	return nil
}

// headMost is more than the head and the tail of a frame usually have. No framing
// makes more than two bytes of one.
const headMost = 64

// alternates reports whether one goroutine can send and receive in turn: where all
// that may be unanswered is taken even if the peer does not read before we do.
func (o *Options) alternates() bool {
	return o.Rate == 0 && o.Replies > 0 && o.Depth*(2*len(o.Message)+headMost) <= sender.QueueMost
}

// ErrSilent is a peer that has not answered in time.
var ErrSilent = errors.New("no answer in time")

// ErrStuck is a peer that has not read in time, where no answers are wanted.
var ErrStuck = errors.New("what is sent is not read")

// ErrClosed is a peer that has closed before it had answered.
var ErrClosed = errors.New("the peer closed the connection before it had answered")

// Run makes the connections, and then measures. When it fails, or ctx ends, it
// returns what it has measured with the error.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	r := &run{o: o, shards: make([]*shard, min(o.Conns, 2*runtime.GOMAXPROCS(0)))}
	for i := range r.shards {
		r.shards[i] = newShard(o.Rate > 0)
	}
	if err := r.dial(ctx); err != nil {
		r.close()
		return Result{}, err
	}
	err := r.measure(ctx)
	return r.result(), err
}

// A run is one measurement.
type run struct {
	o      Options
	conns  []*conn
	shards []*shard
	start  time.Time
	over   atomic.Bool // nothing more is sent

	closing atomic.Bool // the connections are closed by us

	failing sync.Once
	err     error // the first
	ended   context.CancelFunc
}

func (r *run) dial(ctx context.Context) error {
	for i := range r.o.Conns {
		c := newConn(r, i)
		var err error
		if c.link, err = r.o.Dial(ctx, i+1, c.beforeRead); err != nil {
			return err
		}
		r.conns = append(r.conns, c)
	}
	return nil
}

func (r *run) close() {
	r.closing.Store(true)
	for _, c := range r.conns {
		c.wake()
		c.link.Close()
	}
}

func (r *run) measure(ctx context.Context) error {
	ctx, r.ended = context.WithCancel(ctx)
	defer r.ended()
	defer r.close()
	var working sync.WaitGroup
	r.start = time.Now()
	for _, c := range r.conns {
		if r.o.alternates() {
			working.Go(c.alternate)
			continue
		}
		working.Go(c.send)
		working.Go(c.receive)
	}
	if r.o.Rate > 0 {
		working.Go(r.pace)
	}
	idle := make(chan struct{})
	go func() {
		working.Wait()
		close(idle)
	}()
	r.watch(ctx, idle)
	<-idle
	r.failing.Do(func() { r.err = context.Cause(ctx) }) // the caller's, if it was
	return r.err
}

// fail ends the run with its first error.
func (r *run) fail(err error) {
	r.failing.Do(func() { r.err = err })
	r.ended()
}

const (
	watchEvery    = 50 * time.Millisecond
	progressEvery = 500 * time.Millisecond
)

// watch ends the run: at the end of ctx, after its duration, and where a peer is
// silent.
func (r *run) watch(ctx context.Context, idle <-chan struct{}) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	var told time.Duration
	for {
		select {
		case <-idle:
			return
		case <-ctx.Done():
			r.stop()
			r.close()
			return
		case <-ticker.C:
		}
		elapsed := time.Since(r.start)
		if r.o.Duration > 0 && elapsed >= r.o.Duration {
			r.stop()
		}
		for _, c := range r.conns {
			if c.silent(r.o.Patience) {
				r.fail(r.silence(c))
			}
		}
		if r.o.Progress != nil && elapsed-told >= progressEvery {
			told = elapsed
			r.o.Progress(r.progress(elapsed))
		}
	}
}

func (r *run) silence(c *conn) error {
	if r.o.Replies == 0 {
		return fmt.Errorf("connection %d: %w: nothing in %v", c.index+1, ErrStuck, r.o.Patience)
	}
	return fmt.Errorf("connection %d: %w: nothing came in %v", c.index+1, ErrSilent, r.o.Patience)
}

// stop ends the sending: answers that are due are still waited for.
func (r *run) stop() {
	if r.over.Swap(true) {
		return
	}
	for _, c := range r.conns {
		c.wake()
	}
}

func (r *run) progress(elapsed time.Duration) Progress {
	p := Progress{Elapsed: elapsed}
	for _, c := range r.conns {
		sent, answered := c.counts()
		p.Sent += sent
		p.Answered += answered
	}
	return p
}
