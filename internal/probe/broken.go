package probe

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/chancat/channel/internal/mutate"
)

// A spoiled frame is one that is malformed or cut off.
type spoiled struct {
	what   string // for people
	raw    []byte
	finish bool   // half-close behind it
	whole  []byte // a message that raw does hold, so that its echo is right

	patience time.Duration // at least so long something may come of it
}

func (r *run) lengthShort(ctx context.Context) Result {
	t, ok := r.counted(2)
	if !ok {
		return r.noLength()
	}
	raw, err := mutate.SpoilFrame("length-1", t.frame, r.talk.codec)
	if err != nil {
		return skip(err.Error())
	}
	message := messageOf(r.talk.codec, t.frame)
	return r.bears(ctx, t, spoiled{what: "the header declares 1 byte less than the body has", raw: raw, whole: message[:max(0, len(message)-1)]})
}

func (r *run) lengthLongClose(ctx context.Context) Result {
	t, ok := r.counted(1)
	if !ok {
		return r.noLength()
	}
	raw, err := mutate.SpoilFrame("length+5", t.frame, r.talk.codec)
	if err != nil {
		return skip(err.Error())
	}
	return r.bears(ctx, t, spoiled{what: "the header declares 5 bytes more than come before the end", raw: raw, finish: true})
}

func (r *run) lengthNegative(ctx context.Context) Result {
	return r.declares(ctx, "length-negative", "a negative length")
}

func (r *run) lengthHuge(ctx context.Context) Result {
	return r.declares(ctx, "length-huge", "a huge length", "2147483647", "4294967295", "9223372036854775807", "99999999999999999999")
}

func (r *run) lengthGarbage(ctx context.Context) Result {
	return r.declares(ctx, "length-garbage", "a length that is no number", "", "4x", "0x4", "four")
}

// declares sends a frame whose length is spoiled, and with a length in digits the
// other texts too.
func (r *run) declares(ctx context.Context, fault, what string, texts ...string) Result {
	t, ok := r.counted(1)
	if !ok {
		return r.noLength()
	}
	raw, err := mutate.SpoilFrame(fault, t.frame, r.talk.codec)
	if err != nil {
		return skip(err.Error())
	}
	l := t.layout
	list := []spoiled{{what: what + ", " + r.field(raw, t), raw: raw, patience: 400 * time.Millisecond}}
	if l.Text() {
		for _, text := range texts {
			raw := slices.Concat(t.raw()[:l.LengthAt], []byte(text), t.raw()[l.LengthAt+l.Length:])
			list = append(list, spoiled{what: what + ", " + r.field(raw, t), raw: raw})
		}
	}
	return r.bears(ctx, t, list...)
}

// field shows what stands in place of the length of t in raw.
func (r *run) field(raw []byte, t turn) string {
	l := t.layout
	end := len(raw) - (len(t.raw()) - l.LengthAt - l.Length)
	if !l.Text() {
		return fmt.Sprintf("% x", raw[l.LengthAt:end])
	}
	return quote(raw[l.LengthAt:end])
}

func (r *run) noLength() Result {
	return skip("frames of " + r.talk.name() + " declare no length here")
}

// counted is the first message with a length and at least that many bytes of body.
func (r *run) counted(least int) (turn, bool) {
	for _, t := range append(append([]turn{}, r.talk.messages...), r.talk.samples...) {
		if t.layout.Length > 0 && t.layout.Body >= least {
			return t, true
		}
	}
	for _, t := range r.talk.opening {
		if t.layout.Length > 0 && t.layout.Body >= least {
			return t, true
		}
	}
	return turn{}, false
}

// headerTruncatedClose ends the stream inside the header; inside the body where
// there is no header.
func (r *run) headerTruncatedClose(ctx context.Context) Result {
	for _, t := range r.talk.cuttable() {
		l := t.layout
		if l.Head < 2 {
			continue
		}
		list := []spoiled{{what: "the end inside the header, " + picture(t.raw(), l.Head/2), raw: t.raw()[:l.Head/2], finish: true}}
		if at := l.LengthAt + 1; l.Length > 1 && at != l.Head/2 && at < l.Head {
			list = append(list, spoiled{what: "the end inside the length, " + picture(t.raw(), at), raw: t.raw()[:at], finish: true})
		}
		return r.bears(ctx, t, list...)
	}
	for _, t := range r.talk.turns() {
		if at := t.layout.Body / 2; at > 0 {
			what := "the end inside the frame, whose header is not cut, "
			if t.layout.Head == 0 {
				what = "the end inside the frame, which has no header, "
			}
			at += t.layout.Head
			return r.bears(ctx, t, spoiled{what: what + picture(t.raw(), at), raw: t.raw()[:at], finish: true, whole: t.raw()[t.layout.Head:at]})
		}
	}
	return skip("the frame is a single byte, which cannot be cut off")
}

// bears sends each spoiled frame, of t, on a connection of its own, and sees how
// the peer is afterwards.
func (r *run) bears(ctx context.Context, t turn, list ...spoiled) Result {
	var answered, seen string
	for i, s := range list {
		if ctx.Err() != nil || i > 0 && time.Until(r.end) < 0 {
			break
		}
		isOpening := slices.ContainsFunc(r.talk.opening, func(o turn) bool { return bytes.Equal(o.raw(), t.raw()) })
		reaction, as, err := r.provoke(ctx, s, t, !isOpening)
		if err != nil {
			return Result{Verdict: Fail, Observed: unreachable(err)}
		}
		after := r.freshBaseline(ctx)
		if after.fault != sound && ctx.Err() == nil {
			r.harm = r.withOpening(s.raw, !isOpening)
			return Result{
				Verdict:  Fail,
				after:    after,
				Observed: fmt.Sprintf("%s: %s; then a fresh connection fails: %s", s.what, reaction, after.said),
				Again:    r.againAfter(r.harm),
			}
		}
		if as && answered == "" {
			answered = s.what + ": " + reaction
		}
		if i == 0 {
			seen = s.what + ": " + reaction
		}
	}
	if answered != "" {
		return Result{Verdict: Warn, Observed: answered}
	}
	return pass("%s", seen)
}

func (r *run) withOpening(raw []byte, opened bool) []byte {
	if !opened {
		return raw
	}
	var all []byte
	for _, t := range r.talk.opening {
		all = append(all, t.raw()...)
	}
	return append(all, raw...)
}

// provoke sends s and tells how the peer reacts, and whether it took s for a
// message.
func (r *run) provoke(ctx context.Context, s spoiled, t turn, open bool) (reaction string, asMessage bool, err error) {
	p, err := r.dial(ctx)
	if err != nil {
		return "", false, err
	}
	defer p.leave()
	patience := min(r.patience(), 800*time.Millisecond)
	r.greet(p, patience)
	if open {
		for _, a := range r.talk.openingActs() {
			came := 0
			r.perform(ctx, p, a, patience, &came, len(a.wants))
		}
	}
	if err := p.write(ctx, [][]byte{s.raw}, nil); err != nil {
		return "the peer " + ending(err), false, nil
	}
	if s.finish {
		p.conn.CloseWrite()
	}
	replies, _ := r.listen(p, max(s.patience, min(max(120*time.Millisecond, 5*r.latency), 600*time.Millisecond)), 1)
	closed := p.ended()
	switch {
	case len(replies) > 0 && r.takes(replies[0], s, t):
		return "answered as a message, with " + replies[0].quote(), true, nil
	case len(replies) > 0:
		return "answered with " + replies[0].quote(), false, nil
	case closed != nil:
		return "the peer " + ending(closed), false, nil
	case s.finish:
		return "no reply, and the connection stays open", false, nil
	}
	return "no reply", false, nil
}

// takes reports whether got is the answer to a message, for what was none.
func (r *run) takes(got reply, s spoiled, t turn) bool {
	if r.talk.echoes {
		return !(s.whole != nil && bytes.Equal(got.msg, s.whole)) && bytes.Contains(s.raw, got.msg)
	}
	if s.whole != nil || len(t.wants) == 0 || t.wants[0].any {
		return false
	}
	return t.wants[0].differs(got) == ""
}

// againAfter shows a peer that is ill after raw.
func (r *run) againAfter(raw []byte) *Again {
	a := r.again(r.talk.messages)
	a.After = raw
	a.Wait = max(a.Wait, 2*time.Second)
	return a
}
