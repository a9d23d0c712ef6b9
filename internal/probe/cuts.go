package probe

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/chancat/channel/internal/text/escape"
)

// A cut is a place in the frames of a conversation: before byte at of turn number
// turn.
type cut struct{ turn, at int }

const (
	mostHeadCuts = 24 // that split-header tries in one frame
	mostBodyCuts = 6  // that split-body tries in one frame
	mostCuts     = 60 // of either, in all frames
)

func (r *run) splitHeader(ctx context.Context) Result {
	cuts := r.cutsIn(headCuts)
	if len(cuts) == 0 {
		for _, t := range r.talk.turns() {
			if t.layout.Head > 0 {
				return skip("the header is a single byte, which cannot be cut")
			}
		}
		return skip("frames of " + r.talk.name() + " have no header")
	}
	return r.splits(ctx, cuts, "header")
}

func (r *run) splitBody(ctx context.Context) Result {
	cuts := r.cutsIn(bodyCuts)
	if len(cuts) == 0 {
		return skip("the message has no two bytes between which the body could be cut")
	}
	return r.splits(ctx, cuts, "body")
}

// cutsIn are the places that one frame offers, of all frames.
func (r *run) cutsIn(places func(t turn) []int) []cut {
	var cuts []cut
	for i, t := range r.talk.cuttable() {
		for _, at := range places(t) {
			if len(cuts) < mostCuts {
				cuts = append(cuts, cut{i, at})
			}
		}
	}
	return cuts
}

// headCuts are the places inside the header.
func headCuts(t turn) []int {
	l := t.layout
	return thin(1, l.Head, mostHeadCuts, l.LengthAt, l.LengthAt+1, l.LengthAt+l.Length, l.Head-1)
}

// bodyCuts are places inside the body, then those round it: a peer that has read
// the head alone, or all but the tail, has to wait too.
func bodyCuts(t turn) []int {
	l := t.layout
	end := l.Head + l.Body
	cuts := thin(l.Head+1, end, mostBodyCuts, l.Head+1, l.Head+l.Body/2, end-1)
	if l.Head > 0 && l.Body > 0 {
		cuts = append(cuts, l.Head)
	}
	if l.Tail > 0 && end > 0 {
		cuts = append(cuts, end)
	}
	return append(cuts, thin(end+1, end+l.Tail, 2)...)
}

// thin returns the numbers from first to below end, but at most that many: those
// preferred, and the rest evenly.
func thin(first, end, most int, preferred ...int) []int {
	n := end - first
	if n <= 0 {
		return nil
	}
	var list []int
	for _, at := range preferred {
		if at >= first && at < end && len(list) < most {
			list = append(list, at)
		}
	}
	for i, left := 0, min(most, n)-len(list); i < min(most, n) && left > 0; i++ {
		list = append(list, first+i*n/min(most, n))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(most, len(list))]
}

// splits tries cuts until one fails.
func (r *run) splits(ctx context.Context, cuts []cut, where string) Result {
	tried := 0
	for _, c := range cuts {
		if ctx.Err() != nil {
			break
		}
		if tried > 0 && time.Until(r.end) < 0 {
			return pass("%d of %d cuts in the %s, as many as the time allowed", tried, len(cuts), where)
		}
		tried++
		if o := r.tryCut(ctx, c); o.fault != sound {
			return r.failedSplit(c, o)
		}
	}
	return pass("%s in the %s", plural(len(cuts), "cut"), where)
}

// tryCut cuts one frame in two. What was tried before is known.
func (r *run) tryCut(ctx context.Context, c cut) *outcome {
	if o := r.cuts[c]; o != nil {
		return o
	}
	o := r.try(ctx, r.cutActs(c)...)
	r.cuts[c] = o
	return o
}

func (r *run) cutActs(c cut) []act {
	acts := r.talk.acts()
	if c.turn >= len(acts) {
		acts = r.talk.fullActs()
	}
	raw := acts[c.turn].pieces[0]
	acts[c.turn].pieces = [][]byte{raw[:c.at], raw[c.at:]}
	acts[c.turn].pauses = []time.Duration{r.o.Gap}
	return acts
}

func (r *run) failedSplit(c cut, o *outcome) Result {
	turns := r.talk.cuttable()
	t := turns[c.turn]
	sizes := []int{c.at, len(t.raw()) - c.at}
	split := &Split{Sizes: sizes, Part: t.layout.Part(t.raw(), c.at)}
	return Result{
		Verdict: Fail, Split: split,
		Observed: fmt.Sprintf("%scut after byte %d of %d, %s: %s: %s", which(c.turn, len(turns)), c.at, len(t.raw()), in(split.Part), picture(t.raw(), c.at), o.said),
		Again:    r.againCut(c, sizes),
	}
}

// in puts the name of a part into a sentence.
func in(part string) string {
	switch part {
	case "between header and body", "between body and tail":
		return part
	}
	return "in the " + part
}

// picture shows the bytes round a cut.
func picture(raw []byte, at int) string {
	const before, after = 12, 8 // bytes
	text := `"`
	if at > before {
		text = `…"`
	}
	text += string(escape.Append(nil, raw[max(0, at-before):at])) + "|" + string(escape.Append(nil, raw[at:min(len(raw), at+after)]))
	if len(raw) > at+after {
		return text + `"…`
	}
	return text + `"`
}

// againCut shows a cut. --chunks cuts every frame alike, so where it is not the
// first that has to be cut all are sent as one, in pieces.
func (r *run) againCut(c cut, sizes []int) *Again {
	if c.turn == 0 && !r.talk.turns()[0].bare {
		a := r.again(r.talk.messages)
		a.Chunks, a.Gap = sizes, r.showing()
		return a
	}
	var raw []byte
	var pieces []int
	replies := 0
	for i, t := range r.talk.cuttable() {
		if i > c.turn && i >= len(r.talk.turns()) {
			break // samples behind the cut
		}
		if i == c.turn {
			pieces = append(pieces, sizes...)
		} else {
			pieces = append(pieces, len(t.raw()))
		}
		raw = append(raw, t.raw()...)
		replies += len(t.wants)
	}
	a := r.againRaw(raw, pieces, replies)
	a.Gap = r.showing()
	return a
}

// showing is the pause between pieces that are to fail once more: longer, because
// there is but one attempt.
func (r *run) showing() time.Duration { return max(r.o.Gap, 100*time.Millisecond) }

// byteAtATime writes each byte by itself. When that fails it looks for the fewest
// cuts that do.
func (r *run) byteAtATime(ctx context.Context) Result {
	const whole = 600 * time.Millisecond // for all pauses together: to be slow is another check
	acts := r.talk.fullActs()
	total := 0
	for i := range acts {
		total += len(acts[i].pieces[0])
	}
	const most = 1000 // single bytes; what follows is one piece
	var gap time.Duration
	var o *outcome
	for _, wide := range []time.Duration{r.o.Gap, 2 * r.o.Gap} { // a busy peer reads late, and then together
		gap = max(time.Millisecond, min(wide, whole/time.Duration(max(1, total))))
		for i := range acts {
			acts[i].pieces = single(bytes.Join(acts[i].pieces, nil), most)
			acts[i].pauses = []time.Duration{gap}
		}
		if o = r.try(ctx, acts...); o.fault != sound || gap < wide {
			break
		}
	}
	if o.fault == sound {
		return pass("%s, each in a write of its own", plural(min(total, most*len(acts)), "byte"))
	}
	if o.wrote > whole+whole/3 && !r.bearsPause(ctx, o.wrote) {
		return skip(fmt.Sprintf("single bytes took %v here, and the peer does not wait so long for a frame", round(o.wrote)))
	}
	for _, c := range r.suspects() {
		if ctx.Err() != nil || time.Until(r.end) < 0 {
			break
		}
		if o := r.tryCut(ctx, c); o.fault != sound {
			result := r.failedSplit(c, o)
			result.Observed = "the smallest split that fails: " + result.Observed
			return result
		}
	}
	return r.manyCuts(ctx, o, gap)
}

// bearsPause reports whether a frame may come in two pieces with that pause between
// them.
func (r *run) bearsPause(ctx context.Context, d time.Duration) bool {
	acts := r.talk.acts()
	n := len(r.talk.opening)
	cuts := slowCuts(r.talk.turns()[n])
	if len(cuts) == 0 {
		return true
	}
	acts[n].pieces = pieces(r.talk.turns()[n].raw(), cuts[len(cuts)-1:])
	acts[n].pauses = []time.Duration{d}
	return r.exchange(ctx, r.patience(), acts...).fault == sound
}

// single cuts raw into its bytes, the first most of them.
func single(raw []byte, most int) [][]byte {
	var pieces [][]byte
	for len(raw) > 0 {
		n := 1
		if len(pieces) == most {
			n = len(raw)
		}
		pieces = append(pieces, raw[:n])
		raw = raw[n:]
	}
	return pieces
}

// suspects are the single cuts that are tried, the likelier ones first.
func (r *run) suspects() []cut {
	return append(r.cutsIn(headCuts), r.cutsIn(bodyCuts)...)
}

// manyCuts looks for few cuts of the first frame that fail together: no single one
// does.
func (r *run) manyCuts(ctx context.Context, o *outcome, gap time.Duration) Result {
	t := r.talk.turns()[0]
	n := len(t.raw())
	cuts := make([]int, 0, n)
	for i := 1; i < n; i++ {
		cuts = append(cuts, i)
	}
	fails := func(cuts []int) bool {
		acts := r.talk.acts()
		acts[0].pieces, acts[0].pauses = pieces(t.raw(), cuts), []time.Duration{gap}
		failed := r.exchange(ctx, r.patience(), acts...)
		return failed.fault != sound
	}
	for step := len(cuts) / 2; step > 0 && time.Until(r.end) > 0 && ctx.Err() == nil; {
		removed := false
		for from := 0; from < len(cuts) && time.Until(r.end) > 0; from += step {
			fewer := slices.Concat(cuts[:from], cuts[min(len(cuts), from+step):])
			if len(fewer) > 0 && fails(fewer) {
				cuts, removed = fewer, true
				break
			}
		}
		if !removed || step > len(cuts) {
			step /= 2
		}
	}
	split := &Split{Sizes: sizesOf(n, cuts)}
	if len(cuts) > 0 {
		split.Part = t.layout.Part(t.raw(), cuts[0])
	}
	a := r.againCut(cut{}, split.Sizes)
	a.Gap = r.showing()
	return Result{
		Verdict: Fail, Split: split, Again: a,
		Observed: fmt.Sprintf("%s; no single cut does, %d pieces do", o.said, len(split.Sizes)),
	}
}

// pieces cuts raw before each of those bytes.
func pieces(raw []byte, cuts []int) [][]byte {
	var list [][]byte
	for _, n := range sizesOf(len(raw), cuts) {
		list = append(list, raw[:n])
		raw = raw[n:]
	}
	return list
}

func sizesOf(n int, cuts []int) []int {
	var sizes []int
	last := 0
	for _, at := range cuts {
		sizes = append(sizes, at-last)
		last = at
	}
	return append(sizes, n-last)
}
