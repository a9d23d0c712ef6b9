package probe

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/chancat/channel/internal/pause"
)

// An act is something written, and the replies that have to come before the next.
type act struct {
	pause  time.Duration // before it
	pieces [][]byte
	pauses []time.Duration // between the pieces
	finish bool            // half-close behind it
	wants  []*want
}

// A fault is why an exchange is not what it should be.
type fault int

const (
	sound   fault = iota
	late          // a reply did not come in time
	wrong         // another reply came, or one too many
	ended         // the peer closed, or what it sent is no frame
	refused       // no connection
)

// An outcome is what one exchange found.
type outcome struct {
	fault   fault
	said    string // what went wrong
	err     error  // with refused
	latency time.Duration
	wrote   time.Duration // what it took to write the last act
}

// exchange makes a connection, does acts on it and compares the replies.
func (r *run) exchange(ctx context.Context, patience time.Duration, acts ...act) *outcome {
	p, err := r.dial(ctx)
	if err != nil {
		return &outcome{fault: refused, err: err, said: unreachable(err)}
	}
	defer p.leave()
	if o := r.greet(p, patience); o.fault != sound {
		return o
	}
	if len(acts) > 0 && len(acts[0].pieces) > 1 {
		pause.For(ctx, r.o.Gap) // so that the peer is waiting in its read
	}
	total := 0
	for _, a := range acts {
		total += len(a.wants)
	}
	worst, came := time.Duration(0), 0
	for _, a := range acts {
		took, o := r.perform(ctx, p, a, patience, &came, total)
		if o.fault != sound {
			return o
		}
		worst = max(worst, took)
	}
	if o := r.surplus(p, total, len(acts) > 0 && acts[len(acts)-1].finish); o.fault != sound {
		return o
	}
	return &outcome{latency: worst}
}

// greet waits for what the peer says before it is spoken to.
func (r *run) greet(p *peer, patience time.Duration) *outcome {
	came := 0
	return r.collect(p, r.greeting, patience, &came, len(r.greeting))
}

func (r *run) perform(ctx context.Context, p *peer, a act, patience time.Duration, came *int, total int) (time.Duration, *outcome) {
	if pause.For(ctx, a.pause) != nil {
		return 0, &outcome{fault: late, said: "interrupted"}
	}
	began := time.Now()
	failed := p.write(ctx, a.pieces, a.pauses)
	wrote := time.Since(began)
	began = began.Add(wrote)
	if failed == nil && a.finish {
		failed = p.conn.CloseWrite()
	}
	o := r.collect(p, a.wants, patience, came, total)
	if o.fault == sound && failed != nil {
		o = &outcome{fault: ended, said: "the peer " + ending(failed)}
	}
	if p.stuck.Load() {
		o = &outcome{fault: late, said: "the peer does not read what is sent"}
	}
	o.wrote = wrote
	return time.Since(began), o
}

// collect receives and compares the replies wanted.
func (r *run) collect(p *peer, wants []*want, patience time.Duration, came *int, total int) *outcome {
	until := time.Now().Add(patience)
	for _, w := range wants {
		got, timedOut, closed := p.receive(until)
		switch {
		case timedOut && total == 1:
			return &outcome{fault: late, said: fmt.Sprintf("no reply in %v", round(patience))}
		case timedOut:
			return &outcome{fault: late, said: fmt.Sprintf("%d of %d replies in %v", *came, total, round(patience))}
		case closed && total == 1:
			return &outcome{fault: ended, said: "no reply: the peer " + ending(p.err)}
		case closed:
			return &outcome{fault: ended, said: fmt.Sprintf("%d of %d replies, then the peer %s", *came, total, ending(p.err))}
		}
		*came++
		if d := w.differs(got); d != "" {
			which := "the reply is "
			if total > 1 {
				which = fmt.Sprintf("reply %d of %d is ", *came, total)
			}
			return &outcome{fault: wrong, said: which + d}
		}
	}
	return &outcome{}
}

// surplus looks for a reply too many. A peer that closes behind our half-close has
// read all there is.
func (r *run) surplus(p *peer, total int, finished bool) *outcome {
	switch got, _, closed := p.receive(time.Now().Add(r.settling())); {
	case closed && r.o.Expect.kind == expectNone && !r.talk.once && !(finished && p.err == io.EOF):
		return &outcome{fault: ended, said: "the peer " + ending(p.err)}
	case got.raw != nil && r.o.Expect.kind == expectNone:
		return &outcome{fault: wrong, said: "there is a reply: " + got.quote()}
	case got.raw != nil:
		return &outcome{fault: wrong, said: fmt.Sprintf("a reply too many after %d: %s", total, got.quote())}
	}
	return &outcome{}
}

// settling is how long nothing may come for the replies to be complete.
func (r *run) settling() time.Duration {
	if r.o.Expect.kind == expectNone {
		return min(max(150*time.Millisecond, 10*r.latency), r.longest())
	}
	return min(max(10*time.Millisecond, 3*r.latency), 100*time.Millisecond)
}

// longest is the longest that a reply may take.
func (r *run) longest() time.Duration {
	if r.o.Wait > 0 {
		return r.o.Wait
	}
	return 3 * time.Second
}

// patience is how long a reply may take, by the latency of the baseline. Where the
// time for the check runs out it is less, but never so little that a reply as slow
// as those of the baseline would be missed.
func (r *run) patience() time.Duration {
	p := min(max(500*time.Millisecond, 20*r.latency), r.longest())
	least := min(max(300*time.Millisecond, 3*r.latency), r.longest())
	return max(min(p, time.Until(r.end)), least)
}

// more is the patience for a second try, behind one in which a reply was late.
func (r *run) more(patience time.Duration) time.Duration {
	return min(3*patience, r.longest(), max(time.Until(r.end), 2*patience))
}

// try is exchange; what fails is done again. When a reply was late that is with
// more patience: a machine that is busy is no finding. Else two of three decide.
func (r *run) try(ctx context.Context, acts ...act) *outcome {
	return r.trying(ctx, r.patience(), acts...)
}

func (r *run) trying(ctx context.Context, patience time.Duration, acts ...act) *outcome {
	first := r.exchange(ctx, patience, acts...)
	if first.fault == wrong && r.loosen(ctx) {
		first = r.exchange(ctx, patience, acts...)
	}
	if first.fault == sound || ctx.Err() != nil {
		return first
	}
	if first.fault == late {
		patience = r.more(patience)
	}
	second := r.exchange(ctx, patience, acts...)
	if second.fault != sound || first.fault == late || ctx.Err() != nil {
		return second
	}
	return r.exchange(ctx, patience, acts...)
}

// freshBaseline is the baseline once more, on a new connection. When the reply is
// late it is tried again with more patience.
func (r *run) freshBaseline(ctx context.Context) *outcome {
	patience := min(max(time.Second, 20*r.latency), r.longest())
	o := r.exchange(ctx, patience, r.talk.acts()...)
	switch {
	case o.fault == wrong && r.loosen(ctx):
		o = r.exchange(ctx, patience, r.talk.acts()...)
	case o.fault == late && ctx.Err() == nil:
		o = r.exchange(ctx, min(2*patience, r.longest()), r.talk.acts()...)
	}
	return o
}

// lost reports whether the peer stays away after o, what a fresh baseline found.
// One that has died may be started again by whoever looks after it; one that hangs
// has had its time.
func (r *run) lost(ctx context.Context, o *outcome) bool {
	const moment = 1500 * time.Millisecond
	for end := time.Now().Add(moment); o.fault != sound; o = r.exchange(ctx, r.longest(), r.talk.acts()...) {
		if o.fault == late || time.Now().After(end) || pause.For(ctx, 100*time.Millisecond) != nil {
			return true
		}
	}
	return false
}

func round(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Second:
		return d.Round(time.Second)
	case d > time.Second:
		return d.Round(100 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}
