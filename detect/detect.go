package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/chancat/channel/framing"
)

// A Candidate is one framing and how it fares with the data.
type Candidate struct {
	Framing string   // a spelling that framing.Parse takes
	SameAs  []string // other spellings of this rule, and rules that contain it

	// Score is the probability that this is the framing, among all that were tried
	// and none of them. It is 0 for a framing that the data breaks.
	Score float64

	// Begin is the first byte of the first stream at which a frame begins; it is 0
	// but where the data begins inside one.
	Begin int64

	Frames int   // complete frames, of all streams
	Bytes  int64 // that they cover
	Cut    int   // streams that end inside a frame

	// Evidence says what speaks for it, Broke what the data has against it: for a
	// person. One of them is empty.
	Evidence, Broke string
}

// An Answer is what can be said about the framing of streams.
type Answer struct {
	// Candidates holds the most likely first, and at least one more where
	// anything else came near: a survivor or one that was broken.
	Candidates []Candidate

	Decided bool   // the first candidate is the answer
	Why     string // why it cannot be decided; empty where it is
	Try     string // what would decide it; empty where it is decided or nothing is known to

	named    bool // the first candidate is known by its name, and not only as a length field
	wide     bool // or its length is so wide that other data seldom looks like it
	late     bool // it was found from a later byte on
	anchored bool // it tells where a frame begins, and not only how far it is to the next
}

const (
	unknown   = 14 // bits by which anything must be more likely than chance
	mostSure  = 0.9999
	certain   = 0.99 // probability of a decided answer
	mostShown = 5    // candidates in an answer

	worthShowing = 1e-4 // probability of a runner-up that still tiles
)

// Detect says which framing streams have. They are of one kind: the two
// directions of a connection, or several connections, or several files. Where the
// directions turn out to differ, the answer is a pair of spellings. Its time is
// linear in their size. Nothing of them is kept.
func Detect(streams []Stream) Answer {
	streams = slices.DeleteFunc(slices.Clone(streams), func(s Stream) bool { return len(s.Data) == 0 })
	if len(streams) == 0 {
		return Answer{Why: "there is no data"}
	}
	if monotonous(streams) {
		return Answer{Why: "every byte is the same, which many rules tile", Try: "a part of the stream that has messages"}
	}
	a := detectSeen(streams)
	if a.Decided || !widen(streams) {
		return a
	}
	if wide := detectSeen(streams); wide.Decided {
		return wide
	}
	return a
}

// widen has rules tried on more of the streams, of which the frames may be too large
// for a window. It reports whether there is more.
func widen(streams []Stream) (more bool) {
	for i := range streams {
		more = more || len(streams[i].Data) > window
		streams[i].wide = true
	}
	return more
}

// detectSeen is Detect from what is seen of streams.
func detectSeen(streams []Stream) Answer {
	joint := detect(streams, mostWeighed)
	if !streams[0].wide {
		if late, ok := detectLate(streams, &joint); ok {
			joint = late
		}
	}
	if joint.Decided && !joint.anchored && anyLate(streams) {
		joint.Decided, joint.Why = false, joint.Candidates[0].Framing+" tiles it, but the data begins inside a frame, and any byte of one may be its first"
		joint.Try = "the stream from its first byte"
	}
	if joint.late {
		return joint
	}
	if kind := fileKind(streams); kind != "" && joint.Decided && !joint.named {
		joint.Decided, joint.Why = false, "it looks like "+kind+": a file, not a stream of messages"
	}
	if joint.Decided && lineFraming(joint.Candidates[0].Framing) && http1(streams) {
		joint.Decided, joint.Why = false, "it looks like HTTP/1, of which the messages are no lines, and bodies may follow them"
	}
	if joint.Decided && fix(streams) {
		joint.Decided, joint.Why = false, "it looks like FIX: as "+joint.Candidates[0].Framing+" each field is a message, of which one goes from 8= to 10="
	}
	if joint.Decided && (lineFraming(joint.Candidates[0].Framing) || joint.Candidates[0].Framing == "json") && countedText(streams) {
		joint.Decided, joint.Why = false, "before each message stands a line with its length in decimal, which no framing here reads; as "+joint.Candidates[0].Framing+" the lengths are messages too"
	}
	if joint.Decided {
		return joint
	}
	var sides [3][]Stream
	for _, s := range streams {
		sides[s.From] = append(sides[s.From], s)
	}
	if len(sides[Client]) == 0 || len(sides[Server]) == 0 {
		return joint
	}
	client, server := detect(sides[Client], mostWeighed), detect(sides[Server], mostWeighed)
	if !client.Decided || !server.Decided {
		return joint
	}
	a, b := client.Candidates[0], server.Candidates[0]
	if a.Framing == b.Framing || strings.Contains(a.Framing+b.Framing, "/") {
		return joint
	}
	pair := Candidate{
		Framing: a.Framing + "/" + b.Framing, Score: a.Score * b.Score,
		Frames: a.Frames + b.Frames, Bytes: a.Bytes + b.Bytes, Cut: a.Cut + b.Cut,
		Evidence: "from the client: " + a.Evidence + "; from the server: " + b.Evidence,
	}
	return Answer{Candidates: append([]Candidate{pair}, joint.Candidates...), Decided: true}
}

// monotonous reports whether streams are long runs of one byte.
func monotonous(streams []Stream) bool {
	total := 0
	for _, s := range streams {
		if bytes.Count(s.Data, streams[0].Data[:1]) < len(s.Data) {
			return false
		}
		total += len(s.Data)
	}
	return total > longestDelimiter
}

// detect is Detect for streams of one framing. Of so many rules at most the evidence
// is weighed.
func detect(all []Stream, weighed int) Answer {
	streams := all[:min(len(all), windows)]
	claims, broken := lengthRules(streams, weighed)
	byName, failed := codecs(streams)
	claims, broken = append(claims, byName...), append(broken, failed...)
	if !streams[0].wide { // text in large pieces has its marks in a window too
		byMark, failed := delimiters(streams)
		claims, broken = append(claims, byMark...), append(broken, failed...)
	}
	claims, explained := explained(claims)
	claims = append(claims, records(claims, streams)...)
	broken = append(broken, explained...)
	claims, failed = whole(claims, all)
	broken = append(broken, failed...)
	slices.SortStableFunc(broken, func(a, b claim) int { return cmp.Compare(b.Bytes, a.Bytes) })
	a := decide(claims, broken)
	if a.Decided {
		if why, try := claims[0].doubt(streams); why != "" {
			a.Decided, a.Why, a.Try = false, why, try
		}
	}
	if a.Decided && lineFraming(claims[0].Framing) {
		if name, at := headed(streams); name != "" {
			a.Decided = false
			a.Why = fmt.Sprintf("the data seems to begin inside a frame: from byte %d on it is %s", at, name)
			a.Try = "the stream from its first byte"
		}
	}
	if a.Decided && claims[0].rule != nil && !claims[0].named && claims[0].bits < evenDoubt {
		if n := evenly(streams); n > 2*max(claims[0].rule.kind.width, 1) {
			a.Decided = false
			a.Why = fmt.Sprintf("it looks like records of %d bytes, which many rules tile", n)
			a.Try = "messages of other lengths"
		}
	}
	return a
}

// decide weighs the claims against each other.
func decide(claims, broken []claim) Answer {
	sum := math.Exp2(unknown)
	for _, c := range claims {
		sum += math.Exp2(min(c.bits, 900))
	}
	for i := range claims {
		c := &claims[i]
		c.Score = math.Exp2(min(c.bits, 900)) / sum
	}
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(b.bits, a.bits) })
	var a Answer
	for i, c := range claims {
		if i > 0 && c.Score < worthShowing || i == mostShown {
			break
		}
		a.Candidates = append(a.Candidates, c.shown())
	}
	for _, c := range broken {
		if len(a.Candidates) == mostShown {
			break
		}
		a.Candidates = append(a.Candidates, c.shown())
	}
	if len(a.Candidates) == 1 && len(claims) > 1 {
		a.Candidates = append(a.Candidates, claims[1].shown())
	}
	a.Decided, a.Why, a.Try = verdict(claims)
	if len(claims) > 0 {
		best := &claims[0]
		a.named = best.rule == nil || best.named
		a.anchored = a.named || best.marked || best.rule.kind.width > 1 && (best.rule.plain() || best.rule.selfCounted() && best.rule.at < best.rule.kind.width)
		a.wide = a.named || best.rule.kind.width > 1 && !best.rule.odd() && !(best.rule.selfCounted() && best.rule.kind.width < 4)
	}
	return a
}

// shown is the candidate for the answer.
func (c *claim) shown() Candidate {
	out := c.Candidate
	out.Score = min(math.Floor(out.Score*1e4)/1e4, mostSure)
	out.SameAs = slices.Clone(out.SameAs)
	slices.Sort(out.SameAs)
	out.SameAs = slices.DeleteFunc(slices.Compact(out.SameAs), func(s string) bool { return s == out.Framing })
	slices.SortStableFunc(out.SameAs, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return out
}

// verdict says whether the first claim is the answer, and if not, why.
func verdict(claims []claim) (decided bool, why, try string) {
	if len(claims) == 0 {
		return false, "nothing that is known tiles the data", "more of the stream, from its first byte"
	}
	best := claims[0]
	switch {
	case best.bits < unknown:
		return false, "what tiles the data may do so by chance", "more of the stream, or its other direction"
	case best.single:
		return false, "it is a single frame, which proves no length", "a second message of another length"
	case best.equal:
		return false, "all frames are equally long, which many rules explain", "a message of another length"
	case best.rule != nil && !best.named && best.rule.odd():
		return false, fmt.Sprintf("the data seems to begin inside a frame: from byte %d on it may be %s", -best.rule.extra, best.rule.begun().spelling(layout{})),
			"the stream from its first byte"
	case best.halved():
		return false, "every other frame is empty, as it is where a wider length is read in halves", "the stream from its first byte to its last"
	case best.leftHead:
		return false, "the data ends inside the head of a frame; as many bytes may stand before the first one", "the stream from its first byte to its last"
	case best.Score < certain && len(claims) > 1:
		return false, rivals(claims), "messages of other lengths: longer ones, and more of them"
	case best.Score < certain:
		return false, "the data is too little to be sure", "more of the stream"
	}
	return true, "", ""
}

// rivals says which claims cannot be told apart.
func rivals(claims []claim) string {
	var names []string
	alike := true
	for _, c := range claims {
		if c.bits > claims[0].bits-8 && len(names) < 4 {
			names = append(names, c.Framing)
			alike = alike && c.chain == claims[0].chain
		}
	}
	switch {
	case len(names) == 1:
		return "the data is too little to be sure"
	case alike:
		return strings.Join(names, ", ") + " cut this data into the same frames"
	}
	return strings.Join(names, ", ") + " all tile this data"
}

// whole runs the likeliest claims over all of the data. Those that break there go.
func whole(claims []claim, streams []Stream) (kept, broken []claim) {
	const most = 8
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(b.bits, a.bits) })
	large := false
	for _, s := range streams {
		large = large || len(s.Data) > len(s.seen())
	}
	if !large && len(streams) <= windows {
		return claims, nil
	}
	for i, c := range claims {
		if i >= most || c.bits < unknown && i > 0 || c.bits < claims[0].bits-unknown-rarest {
			break
		}
		f, err := framing.Parse(c.Framing)
		if err != nil {
			continue
		}
		c.Frames, c.Bytes, c.Cut = 0, 0, 0
		for _, s := range streams {
			t := Tile(s, f, 0)
			c.Frames += t.Frames
			c.Bytes += t.Bytes
			if t.Cut {
				c.Cut++
				if s.Ended {
					c.bits -= missingEnd
				}
			}
			if t.Err != nil {
				c.Broke = fmt.Sprintf("byte %d: %v", t.Err.Offset, t.Err.Err)
				break
			}
		}
		if c.Broke != "" {
			c.Evidence, c.Score = "", 0
			broken = append(broken, c)
			continue
		}
		kept = append(kept, c)
	}
	return kept, broken
}
