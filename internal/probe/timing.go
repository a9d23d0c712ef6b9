package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/chancat/channel/internal/pause"
)

// How long a peer has to be patient. A time limit of two seconds between reads or
// between messages is a common mistake; one of ten is a choice.
const (
	slowShort = 400 * time.Millisecond
	slowLong  = 2200 * time.Millisecond
	idleTime  = 2500 * time.Millisecond
)

// beside is how many connections parallel keeps open at once.
const beside = 4

// halfClose ends our direction behind the last message.
func (r *run) halfClose(ctx context.Context) Result {
	if !r.halves {
		return skip("the transport has no half-close")
	}
	acts := r.talk.acts()
	acts[len(acts)-1].finish = true
	if o := r.try(ctx, acts...); o.fault != sound {
		a := r.again(r.talk.messages)
		a.HalfClose = true
		return r.failed(o, a)
	}
	return pass("the replies still came")
}

// slow writes a frame in three pieces with long pauses.
func (r *run) slow(ctx context.Context) Result {
	turns := r.talk.turns()
	n := len(r.talk.opening)
	t := turns[n]
	cuts := slowCuts(t)
	switch {
	case len(cuts) == 0:
		return skip("the frame is a single byte")
	case !r.bearsCuts():
		if cuts = r.goodCut(ctx, n); cuts == nil {
			return skip("every cut of a frame fails, however short the pause")
		}
	}
	acts := r.talk.acts()
	acts[n].pieces = pieces(t.raw(), cuts)
	acts[n].pauses = []time.Duration{slowShort, slowLong}[2-len(cuts):]
	took := totalOf(acts[n].pauses, len(cuts))
	if o := r.trying(ctx, min(max(time.Second, r.patience()), r.longest()), acts...); o.fault != sound {
		a := r.againCut(cut{n, cuts[0]}, sizesOf(len(t.raw()), cuts))
		a.Gap = slowLong
		a.Wait += time.Duration(len(a.Chunks)) * slowLong
		return r.failed(o, a)
	}
	return pass("a frame in %d pieces over %v", len(cuts)+1, took)
}

// goodCut is a cut of that turn which did not fail, and does not with a longer
// pause: a peer that is busy may have read both pieces together.
func (r *run) goodCut(ctx context.Context, turn int) []int {
	for _, c := range r.suspects() {
		if o := r.cuts[c]; c.turn != turn || o == nil || o.fault != sound {
			continue
		}
		if !r.sure[c] {
			acts := r.cutActs(c)
			acts[c.turn].pauses = []time.Duration{slowShort}
			r.cuts[c] = r.try(ctx, acts...)
			r.sure[c] = true
		}
		if r.cuts[c].fault == sound {
			return []int{c.at}
		}
	}
	return nil
}

// slowCuts are a cut in the header and one in the body, or the next best.
func slowCuts(t turn) []int {
	l, n := t.layout, len(t.raw())
	head, body := l.Head/2, l.Head+l.Body/2
	if head == 0 {
		head = body / 2
	}
	switch {
	case head > 0 && head < body && body < n:
		return []int{head, body}
	case n > 1:
		return []int{n / 2}
	}
	return nil
}

// idleBetween pauses between two messages.
func (r *run) idleBetween(ctx context.Context) Result {
	if !r.talk.repeats() && len(r.talk.messages) < 2 {
		return skip("the peer answers once a connection")
	}
	pair := r.copies(max(2, len(r.talk.messages)))
	acts := r.talk.openingActs()
	for i, t := range pair {
		a := t.act()
		if i == 1 {
			a.pause = idleTime
		}
		acts = append(acts, a)
	}
	if o := r.trying(ctx, min(max(time.Second, r.patience()), r.longest()), acts...); o.fault != sound {
		a := r.again(pair)
		a.Pause = idleTime
		a.Wait += time.Duration(len(a.Messages)) * idleTime
		o.said = fmt.Sprintf("after %v without a message: %s", idleTime, o.said)
		return r.failed(o, a)
	}
	return pass("%v between two messages", idleTime)
}

// parallel has the conversation on several connections at once. Then one of them is
// in the middle of a frame while the others go on. What is late is done again with more
// patience: a machine that is busy is no finding.
func (r *run) parallel(ctx context.Context) Result {
	patience := min(2*r.patience(), r.longest())
	result, kind := r.abreast(ctx, patience)
	if kind == late && ctx.Err() == nil {
		result, _ = r.abreast(ctx, r.more(patience))
	}
	return result
}

// abreast is one try of parallel.
func (r *run) abreast(ctx context.Context, patience time.Duration) (Result, fault) {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			p.leave()
		}
	}()
	a := r.again(r.talk.messages)
	a.Beside = beside - 1
	a.Wait = max(a.Wait, 2*time.Second)
	for i := range beside {
		p, err := r.dial(ctx)
		if err != nil {
			return Result{Verdict: Fail, Observed: fmt.Sprintf("cannot open connection %d: %v", i+1, err), Again: a}, ended
		}
		peers = append(peers, p)
	}
	if answered, o := r.atOnce(ctx, peers, patience); answered < len(peers) {
		o.said = fmt.Sprintf("%d of %d connections were answered: %s", answered, len(peers), o.said)
		return r.failed(o, a), o.fault
	}
	if o := r.heldUp(ctx, peers, patience); o != nil {
		return r.failed(o, nil), o.fault
	}
	return pass("%d connections at once", len(peers)), sound
}

// atOnce has the conversation on all connections, and each turn of it on all of them
// before the next. failed is how it went on one that was not answered.
func (r *run) atOnce(ctx context.Context, peers []*peer, patience time.Duration) (answered int, failed *outcome) {
	bad := map[*peer]*outcome{}
	for _, p := range peers {
		if o := r.greet(p, patience); o.fault != sound {
			bad[p] = o
		}
	}
	for _, a := range r.talk.acts() {
		for _, p := range peers {
			if err := p.write(ctx, a.pieces, nil); err != nil {
				bad[p] = &outcome{fault: ended, said: "the peer " + ending(err)}
			}
		}
		until := time.Now().Add(patience)
		for _, p := range peers {
			came := 0
			if bad[p] != nil {
				continue
			}
			if o := r.collect(p, a.wants, max(time.Until(until), 20*time.Millisecond), &came, len(a.wants)); o.fault != sound {
				bad[p] = o
			}
		}
	}
	for _, p := range peers {
		if bad[p] == nil {
			answered++
		} else if failed == nil || failed.fault == late {
			failed = bad[p]
		}
	}
	return answered, failed
}

// heldUp sends half a frame on the first connection, a whole one on each other, and
// then the rest. It returns nil if nobody had to wait.
func (r *run) heldUp(ctx context.Context, peers []*peer, patience time.Duration) *outcome {
	t := r.talk.messages[0]
	raw := t.raw()
	if r.talk.once || r.whole || len(raw) < 2 || len(t.again) == 0 {
		return nil
	}
	half := len(raw) / 2
	if t.layout.Head > 0 && t.layout.Body > 1 {
		half = t.layout.Head + t.layout.Body/2
	}
	if !r.bearsCuts() {
		good := r.goodCut(ctx, len(r.talk.opening))
		if good == nil {
			return nil
		}
		half = good[0]
	}
	if err := peers[0].write(ctx, [][]byte{raw[:half]}, nil); err != nil {
		return &outcome{fault: ended, said: "the peer " + ending(err)}
	}
	pause.For(ctx, r.o.Gap)
	for i, p := range peers[1:] {
		if o := r.resume(ctx, p, raw, t.again, patience); o.fault != sound {
			o.said = fmt.Sprintf("while connection 1 is in the middle of a frame, connection %d: %s", i+2, o.said)
			return o
		}
	}
	if o := r.resume(ctx, peers[0], raw[half:], t.again, patience); o.fault != sound {
		o.said = "connection 1, whose frame came in halves while the others went on: " + o.said
		return o
	}
	return nil
}

func (r *run) resume(ctx context.Context, p *peer, raw []byte, wants []*want, patience time.Duration) *outcome {
	if err := p.write(ctx, [][]byte{raw}, nil); err != nil {
		return &outcome{fault: ended, said: "the peer " + ending(err)}
	}
	came := 0
	return r.collect(p, wants, patience, &came, len(wants))
}

// aliveAfter has the conversation again, more than once.
func (r *run) aliveAfter(ctx context.Context) Result {
	const times = 3
	for range times {
		o := r.freshBaseline(ctx)
		if o.fault != sound {
			if r.gone != "" {
				o.said += " (since " + r.gone + ")"
			}
			if r.harm != nil {
				return r.failed(o, r.againAfter(r.harm))
			}
			return r.failed(o, r.again(r.talk.messages))
		}
	}
	return pass("the baseline holds on %d more connections", times)
}
