package probe

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// coalesced writes frames together.
func (r *run) coalesced(ctx context.Context) Result {
	messages := r.talk.messages
	if !r.talk.repeats() && len(messages) < 2 {
		return skip("the peer answers once a connection")
	}
	pair := r.copies(max(2, len(messages)))
	if o := r.try(ctx, r.together(pair)...); o.fault != sound {
		return r.failed(o, r.againTogether(pair))
	}
	if !r.talk.repeats() {
		return pass("%d messages in one write", len(pair))
	}
	many := r.copies(max(5, len(messages)))
	if o := r.try(ctx, r.together(many)...); o.fault != sound {
		o.said = fmt.Sprintf("%d messages in one write: %s", len(many), o.said)
		return r.failed(o, r.againTogether(many))
	}
	if !r.bearsCuts() {
		return pass("2 and %d messages in one write", len(many))
	}
	return r.oneAndAHalf(ctx, len(many))
}

// copies are n messages in the order of the conversation, which starts again at its
// end.
func (r *run) copies(n int) []turn {
	var list []turn
	for i := range n {
		t := r.talk.messages[i%len(r.talk.messages)]
		if i >= len(r.talk.messages) {
			t.wants = t.again
		}
		list = append(list, t)
	}
	return list
}

// together is the conversation with turns in one write.
func (r *run) together(turns []turn) []act {
	var all act
	var raw []byte
	for _, t := range turns {
		raw = append(raw, t.raw()...)
		all.wants = append(all.wants, t.wants...)
	}
	all.pieces = [][]byte{raw}
	return append(r.talk.openingActs(), all)
}

func (r *run) againTogether(turns []turn) *Again {
	if len(r.talk.opening) == 0 && !turns[0].bare {
		a := r.again(turns)
		a.Merge = len(turns)
		return a
	}
	var raw []byte
	replies := 0
	var sizes []int
	for _, t := range r.talk.opening {
		raw = append(raw, t.raw()...)
		sizes = append(sizes, len(t.raw()))
		replies += len(t.wants)
	}
	for _, t := range turns {
		raw = append(raw, t.raw()...)
		replies += len(t.wants)
	}
	a := r.againRaw(raw, sizes, replies)
	a.Gap = max(r.o.Gap, 3*round(r.latency))
	return a
}

// bearsCuts reports whether no cut of a frame has failed: then one at a place that
// was not tried should do no harm.
func (r *run) bearsCuts() bool {
	return !r.failedChecks["split-header"] && !r.failedChecks["split-body"]
}

// oneAndAHalf writes a frame together with the start of the next: what follows the
// first frame in the peer's buffer must not get lost.
func (r *run) oneAndAHalf(ctx context.Context, many int) Result {
	pair := r.copies(2)
	first, second := pair[0].raw(), pair[1].raw()
	half := (len(second) + 1) / 2
	if half == len(second) {
		return pass("2 and %d messages in one write", many)
	}
	raw := slices.Concat(first, second)
	sizes := []int{len(first) + half, len(second) - half}
	acts := r.together(pair)
	last := &acts[len(acts)-1]
	last.pieces, last.pauses = pieces(raw, []int{sizes[0]}), []time.Duration{r.o.Gap}
	if o := r.try(ctx, acts...); o.fault != sound {
		o.said = fmt.Sprintf("one message and %d bytes of the next in one write: %s", half, o.said)
		result := r.failed(o, nil)
		result.Split = &Split{Sizes: sizes, Part: pair[1].layout.Part(second, half)}
		var before []int
		var opening []byte
		for _, t := range r.talk.opening {
			opening = append(opening, t.raw()...)
			before = append(before, len(t.raw()))
		}
		result.Again = r.againRaw(append(opening, raw...), append(before, sizes...), len(last.wants))
		result.Again.Gap = r.showing()
		return result
	}
	return pass("2, %d, and one and a half messages in one write", many)
}
