package probe

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

func (r *run) empty(ctx context.Context) Result {
	if r.talk.name() == "chunked" {
		return skip("an empty chunk is the end of the chunks")
	}
	return r.payload(ctx, "an empty message", []byte{})
}

// binary sends every byte there is, or those that the framing can carry.
func (r *run) binary(ctx context.Context) Result {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	payloads := [][]byte{every, except(every, "\r\n"), except(every, "\x00"), except(every, "\x00\r\n"), []byte("\x00\x01\xfe\xff")}
	for i, p := range payloads {
		// Text on both sides shows a loss at either end.
		payloads[i] = append(append([]byte("probe"), p...), "end"...)
	}
	if r.talk.carry != nil && !r.talk.strict {
		payloads = payloads[len(payloads)-1:] // nobody looks whether all of it comes back
	}
	result := r.payload(ctx, "bytes that are not UTF-8", payloads...)
	if result.Verdict == Fail && result.after == nil && ctx.Err() == nil {
		r.shorten(ctx, &result, []byte("probe\x00\xff\xfeend"), []byte("probe\xff\xfeend"), []byte("probe\x00end"))
	}
	return result
}

// shorten shows a failure by the first of the payloads that fails too.
func (r *run) shorten(ctx context.Context, result *Result, payloads ...[]byte) {
	for _, p := range payloads {
		t, why := r.talk.carry(p)
		if why != "" || !r.talk.strict {
			continue
		}
		if o := r.exchange(ctx, r.patience(), append(r.talk.openingActs(), t.act())...); o.fault != sound {
			result.Observed = fmt.Sprintf("bytes that are not UTF-8, %d bytes: %s", len(p), o.said)
			result.Again = r.again([]turn{t})
			return
		}
	}
}

func except(all []byte, gone string) []byte {
	var kept []byte
	for _, b := range all {
		if bytes.IndexByte([]byte(gone), b) < 0 {
			kept = append(kept, b)
		}
	}
	return kept
}

func (r *run) nonASCII(ctx context.Context) Result {
	return r.payload(ctx, "UTF-8 beyond ASCII", []byte("naïve café, größer, 日本語, 🐈"), []byte("naïve café é"))
}

// payload sends the first of the payloads that a message can hold.
func (r *run) payload(ctx context.Context, what string, payloads ...[]byte) Result {
	if r.talk.carry == nil {
		return skip("no message is known that holds just anything")
	}
	reason := ""
	for _, p := range payloads {
		t, why := r.talk.carry(p)
		if why == "" {
			if len(p) > 0 {
				what = fmt.Sprintf("%s, %d bytes", what, len(p))
			}
			return r.carries(ctx, what, t)
		}
		if reason == "" {
			reason = why
		}
	}
	return skip(reason)
}

// carries sends t, and a message after it, which shows that the stream is still in
// step.
func (r *run) carries(ctx context.Context, what string, t turn) Result {
	if !r.talk.strict {
		return r.carriesLoosely(ctx, what, t, min(r.patience(), time.Second))
	}
	acts := append(r.talk.openingActs(), t.act())
	if !r.talk.once {
		acts = append(acts, r.talk.messages[0].act())
	}
	if o := r.try(ctx, acts...); o.fault != sound {
		return r.failed(o, r.again([]turn{t}))
	}
	if r.o.Expect.kind == expectNone {
		return pass("%s", what)
	}
	return pass("%s, answered rightly", what)
}

// carriesLoosely sends t where nobody knows what the reply should be.
func (r *run) carriesLoosely(ctx context.Context, what string, t turn, patience time.Duration) Result {
	p, err := r.dial(ctx)
	if err != nil {
		return Result{Verdict: Fail, Observed: unreachable(err)}
	}
	o := r.greet(p, patience)
	for _, a := range r.talk.openingActs() {
		came := 0
		if o.fault == sound {
			_, o = r.perform(ctx, p, a, patience, &came, len(a.wants))
		}
	}
	if o.fault != sound {
		p.leave()
		return r.failed(o, r.again(r.talk.messages))
	}
	err = p.write(ctx, [][]byte{t.raw()}, nil)
	if r.o.Expect.kind == expectNone {
		patience = r.settling()
	}
	replies, _ := r.listen(p, patience, 1)
	next := false // the next message is answered
	if len(replies) == 0 && p.ended() == nil && !r.talk.once && r.o.Expect.kind != expectNone {
		if p.write(ctx, [][]byte{r.talk.messages[0].raw()}, nil) == nil {
			more, _ := r.listen(p, patience, 1)
			next = len(more) > 0
		}
	}
	closed := p.ended()
	p.leave()
	alive := r.freshBaseline(ctx)
	switch {
	case alive.fault != sound:
		return Result{Verdict: Fail, Observed: what + ": after it a fresh connection fails: " + alive.said, Again: r.againAfter(t.raw()), after: alive}
	case len(replies) > 0:
		return pass("%s, answered with %s", what, replies[0].quote())
	case r.o.Expect.kind == expectNone && err == nil && closed == nil:
		return pass("%s", what)
	case next:
		return Result{Verdict: Warn, Observed: what + ": no reply, but the next message has one"}
	case (err != nil || closed != nil) && !r.talk.once:
		return Result{Verdict: Warn, Observed: what + ": the peer closed the connection"}
	}
	return Result{Verdict: Fail, Observed: what + ": no reply, here and later", Again: r.again([]turn{t})}
}

// largeSizes are tried in turn, in bytes: a peer's buffer is often one of them less
// a little.
var largeSizes = []int{1100, 4100, 8200, 16400, 32800, 65536 + 100, largest}

// largest is the size of a large message in bytes.
const largest = 256<<10 + 1

// large sends a message that no single read returns.
func (r *run) large(ctx context.Context) Result {
	if r.talk.carry == nil {
		return skip("no message is known that holds just anything")
	}
	const least = 4097
	var reason string
	first := largest
	if r.o.Most > 0 {
		first = min(first, r.o.Most)
	}
	for size := first; size >= least; size = size / 4 {
		if size < 65536 && size > 65000 {
			size = 65000
		}
		t, why := r.talk.carry(r.filled(size))
		if why == "" {
			return r.carriesLarge(ctx, size, t)
		}
		reason = why
	}
	return skip(reason)
}

func (r *run) carriesLarge(ctx context.Context, size int, t turn) Result {
	what := fmt.Sprintf("%d bytes", size)
	result := r.carries(ctx, what, t)
	switch {
	case result.Verdict == Pass, ctx.Err() != nil:
		return result
	case !r.talk.strict:
		if rest := (r.o.Budget - time.Since(r.start)) / 4; result.after == nil && rest > 0 { // it may be slow
			result = r.carriesLoosely(ctx, what, t, min(r.longest(), rest))
		}
		r.repeat(result.Again, size)
		return result
	case result.Verdict != Fail:
		return result
	}
	said, good, took := result.Observed, 0, time.Duration(0)
	for _, n := range largeSizes {
		if n >= size || time.Until(r.end) < 0 || ctx.Err() != nil {
			break
		}
		smaller, why := r.talk.carry(r.filled(n))
		if why != "" {
			continue
		}
		began := time.Now()
		if o := r.exchange(ctx, r.patience(), append(r.talk.openingActs(), smaller.act())...); o.fault != sound {
			size, t, said = n, smaller, o.said
			break
		}
		good, took = n, time.Since(began)
	}
	if o := r.unhurried(ctx, append(r.talk.openingActs(), t.act()), took); good > 0 && o.fault == sound {
		return pass("%d bytes, answered rightly, though slowly: in %v", size, round(o.latency))
	}
	result.Observed = fmt.Sprintf("a message of %d bytes: %s", size, said)
	if good > 0 {
		result.Observed += fmt.Sprintf("; %d bytes are answered rightly", good)
	}
	result.Again = r.again([]turn{t})
	r.repeat(result.Again, size)
	return result
}

// repeat says by --size that a message of that size is filled: no command line
// takes an argument as long as the message.
func (r *run) repeat(a *Again, size int) {
	if a != nil && len(a.Messages) == 1 && bytes.Equal(a.Messages[0], r.filled(size)) {
		a.Messages[0], a.Size = filling, size
	}
}

// unhurried does acts with the patience that a peer needs which reads byte by byte
// and copies what it has for each, when a message of a quarter took that long: four
// times the bytes then take sixteen times as long. A peer that was quick gets a
// second chance all the same: a machine that is busy is no finding.
func (r *run) unhurried(ctx context.Context, acts []act, quarter time.Duration) *outcome {
	patience := min(max(24*quarter, r.longest()/2), 8*time.Second, (r.o.Budget-time.Since(r.start))/2)
	if patience <= 0 || r.o.Wait > 0 || ctx.Err() != nil {
		return &outcome{fault: late}
	}
	return r.exchange(ctx, patience, acts...)
}

var filling = []byte("0123456789abcdef")

// filled is a payload of that many bytes.
func (r *run) filled(size int) []byte {
	return bytes.Repeat(filling, size/len(filling)+1)[:size]
}
