package probe

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// listening is how long a fresh connection is listened to for a peer that speaks
// first.
const listening = 120 * time.Millisecond

// baseline sends the messages as they are, and learns which replies are right.
func (r *run) baseline(ctx context.Context) Result {
	patience := r.longest()
	if r.o.Wait == 0 {
		patience = 5 * time.Second
	}
	first, o := r.learn(ctx, patience)
	if o.fault == refused {
		r.talk.refused = o.err
	}
	if o.fault != sound {
		return r.failed(o, r.again(r.talk.messages))
	}
	// Some replies differ each time, as those that tell the time do.
	second, o := r.learn(ctx, patience)
	if o.fault == refused {
		return r.failed(o, r.again(r.talk.messages))
	}
	if o.fault == sound {
		r.agree(first, second)
	} else {
		return Result{Verdict: Fail, Observed: "on a second connection: " + o.said, Again: r.again(r.talk.messages)}
	}
	if r.o.Expect.kind == expectReply && r.learnEcho(ctx) {
		r.talk.echoes = true
	}
	return r.describeBaseline(first)
}

// What learn has seen on one connection.
type lesson struct {
	greeting []reply
	replies  [][]reply // to each turn
	again    [][]reply // to the messages said once more; nil if the peer had ended
	latency  time.Duration
}

// learn has the conversation on a connection and keeps the replies.
func (r *run) learn(ctx context.Context, patience time.Duration) (lesson, *outcome) {
	var l lesson
	p, err := r.dial(ctx)
	if err != nil {
		return l, &outcome{fault: refused, err: err, said: err.Error()}
	}
	defer p.leave()
	l.greeting, _ = r.listen(p, listening, 0)
	if err := p.ended(); err != nil {
		return l, &outcome{fault: ended, said: "the peer " + ending(err) + " before anything was sent"}
	}
	for i, t := range r.talk.turns() {
		replies, o := r.ask(ctx, p, t, t.wants, patience, &l.latency)
		if o.fault != sound {
			o.said = which(i, len(r.talk.turns())) + o.said
			return l, o
		}
		l.replies = append(l.replies, replies)
	}
	if r.o.Expect.kind == expectEcho && r.talk.once {
		return l, &outcome{}
	}
	for i, t := range r.talk.messages {
		wait := patience
		if len(l.replies[len(r.talk.opening)+i]) == 0 {
			wait = listening // none came the first time either
		}
		var ignored time.Duration
		replies, o := r.ask(ctx, p, t, t.again, wait, &ignored)
		if o.fault != sound {
			l.again = nil
			break
		}
		l.again = append(l.again, replies)
	}
	if len(l.again) == 0 {
		r.talk.once = true
	}
	return l, &outcome{}
}

func which(i, n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("message %d of %d: ", i+1, n)
}

// ask sends t and keeps its replies: those that are known, or what comes.
func (r *run) ask(ctx context.Context, p *peer, t turn, wants []*want, patience time.Duration, latency *time.Duration) ([]reply, *outcome) {
	if err := p.write(ctx, [][]byte{t.raw()}, nil); err != nil {
		return nil, &outcome{fault: ended, said: "the peer " + ending(err)}
	}
	began := time.Now()
	switch kind := r.o.Expect.kind; {
	case kind == expectNone || t.silent:
		if kind != expectNone { // it is known to have no reply: nothing is waited for
			return nil, &outcome{}
		}
		return nil, r.collectNone(p)
	case kind == expectEcho:
		came := 0
		o := r.collect(p, wants, patience, &came, len(wants))
		*latency = max(*latency, time.Since(began))
		return nil, o
	}
	replies, took := r.listen(p, patience, 1)
	if len(replies) == 0 {
		if err := p.ended(); err != nil {
			return nil, &outcome{fault: ended, said: "no reply: the peer " + ending(err)}
		}
		return nil, &outcome{fault: late, said: fmt.Sprintf("no reply in %v", round(patience))}
	}
	*latency = max(*latency, took)
	for _, got := range replies {
		if d := (&want{any: true, holds: r.o.Expect.text}).differs(got); d != "" {
			return nil, &outcome{fault: wrong, said: d}
		}
	}
	return replies, &outcome{}
}

// collectNone sees that nothing comes.
func (r *run) collectNone(p *peer) *outcome {
	replies, _ := r.listen(p, 150*time.Millisecond, 0)
	if len(replies) > 0 {
		return &outcome{fault: wrong, said: "there is a reply: " + quote(replies[0].msg)}
	}
	if err := p.ended(); err != nil {
		return &outcome{fault: ended, said: "the peer " + ending(err)}
	}
	return &outcome{}
}

// listen receives for patience until the first reply, and then until nothing comes
// for a moment. took is the time to the first.
func (r *run) listen(p *peer, patience time.Duration, least int) (replies []reply, took time.Duration) {
	const most, bytesMost = 64, 64 << 20 // a peer that never ends
	began, held := time.Now(), 0
	wait := patience
	for len(replies) < most && held < bytesMost {
		got, timedOut, ended := p.receive(time.Now().Add(wait))
		if timedOut || ended {
			break
		}
		if len(replies) == 0 {
			took = time.Since(began)
		}
		replies, held = append(replies, got), held+len(got.raw)
		if len(replies) >= least {
			wait = max(40*time.Millisecond, min(3*took, listening))
		}
	}
	return replies, took
}

// ended returns why the peer has ended the connection, nil if it has not.
func (p *peer) ended() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// agree makes the replies of two connections what is wanted from now on: what
// differs between them may be anything.
func (r *run) agree(a, b lesson) {
	r.latency = max(a.latency, b.latency)
	r.greeting = r.common(a.greeting, b.greeting)
	if kind := r.o.Expect.kind; kind == expectEcho || kind == expectNone {
		return
	}
	for i := range r.talk.opening {
		r.talk.opening[i].wants = r.common(a.replies[i], b.replies[i])
	}
	for i := range r.talk.messages {
		t := &r.talk.messages[i]
		n := len(r.talk.opening) + i
		t.wants = r.common(a.replies[n], b.replies[n])
		if i < len(a.again) && i < len(b.again) {
			t.again = r.common(a.again[i], b.again[i])
		} else {
			r.talk.once = true
		}
	}
}

// common are the replies wanted where two connections had a and b.
func (r *run) common(a, b []reply) []*want {
	var wants []*want
	for i := range min(len(a), len(b)) {
		wants = append(wants, &want{
			raw: a[i].raw, msg: a[i].msg, holds: r.o.Expect.text,
			any: !bytes.Equal(a[i].raw, b[i].raw),
		})
	}
	return wants
}

// loosen learns the replies once more, and wants less where they differ from those
// before: they may hold the time of day. Once a malformed frame was sent another
// reply is a finding. It reports whether something is wanted no longer.
func (r *run) loosen(ctx context.Context) bool {
	if kind := r.o.Expect.kind; kind == expectEcho || kind == expectNone || r.talk.echoes && len(r.talk.opening) == 0 || r.harming {
		return false
	}
	l, o := r.learn(ctx, r.patience())
	if o.fault != sound {
		return false
	}
	changed := false
	forget := func(wants []*want, got []reply) {
		for i := range min(len(wants), len(got)) {
			if w := wants[i]; !w.any && w.raw != nil && !bytes.Equal(w.raw, got[i].raw) {
				w.any, changed = true, true
			}
		}
	}
	forget(r.greeting, l.greeting)
	for i, t := range r.talk.turns() {
		forget(t.wants, l.replies[i])
	}
	for i, t := range r.talk.messages {
		if i < len(l.again) {
			forget(t.again, l.again[i])
		}
	}
	return changed
}

// learnEcho finds out whether the peer sends back whatever it is sent, which makes
// later checks sharper.
func (r *run) learnEcho(ctx context.Context) bool {
	if r.talk.carry == nil || r.talk.strict {
		return false
	}
	for _, t := range r.talk.messages {
		if len(t.wants) != 1 || t.wants[0].any || !bytes.Equal(t.wants[0].msg, messageOf(r.talk.codec, t.frame)) {
			return false
		}
	}
	t, reason := r.talk.carry([]byte("chancat probe"))
	if reason != "" {
		return false
	}
	r.talk.echoed(&t)
	if r.exchange(ctx, r.patience(), append(r.talk.openingActs(), t.act())...).fault != sound {
		return false
	}
	r.talk.expectEcho()
	return true
}

func (r *run) describeBaseline(l lesson) Result {
	sent, came := len(r.talk.turns()), 0
	example := ""
	for _, replies := range l.replies {
		came += len(replies)
		if len(replies) > 0 && example == "" {
			example = " (" + replies[0].quote() + ")"
		}
	}
	if r.o.Expect.kind == expectEcho {
		came = sent
	}
	if r.talk.echoes {
		example = " (an echo)"
	}
	text := fmt.Sprintf("%s → %s%s in %v", plural(sent, "message"), plural2(came, "reply", "replies"), example, round(r.latency))
	if r.o.Expect.kind == expectNone {
		text = fmt.Sprintf("%s → nothing, as expected", plural(sent, "message"))
	}
	if len(r.greeting) > 0 {
		text += fmt.Sprintf("; the peer speaks first: %s", l.greeting[0].quote())
	}
	if r.talk.once && !r.talk.echoes {
		text += "; it answers once a connection"
	}
	return pass("%s", text)
}

func plural(n int, what string) string { return plural2(n, what, what+"s") }

func plural2(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// failed is the result of a check whose exchange went wrong.
func (r *run) failed(o *outcome, again *Again) Result {
	return Result{Verdict: Fail, Observed: o.said, Again: again}
}
