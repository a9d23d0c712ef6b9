// Package probe finds out how a live peer bears every way in which a stream may
// cut and merge the bytes of frames, and frames that are malformed
// (docs/spec.md §9).
//
//	report, err := probe.Run(ctx, probe.Options{Dial: dial, Framing: f, Messages: msgs})
//
// Each check is a few connections on which frames are written in a certain way
// and the replies compared with those of the baseline. The number of connections,
// the bytes and the time are bounded.
package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// noTime is why a check was skipped for which the budget did not last.
const noTime = "there was no time left"

// grace is what the checks may take beyond the budget before they are cut off.
const grace = 1500 * time.Millisecond

// A Verdict is what a check found.
type Verdict string

const (
	Pass Verdict = "pass"
	Warn Verdict = "warn" // a malformed frame was answered as a message
	Fail Verdict = "fail"
	Skip Verdict = "skip" // the check makes no sense here
)

// Checks returns the names of all checks in the order of docs/spec.md §9.
func Checks() []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	return names
}

// A Message is what is sent to the peer.
type Message struct {
	Text []byte // as a person typed it
	Body []byte // what the framing carries: Text, unless it had to be composed
}

// Defaults of [Options].
const (
	DefaultGap    = 25 * time.Millisecond
	DefaultBudget = 25 * time.Second
)

// Options configures Run.
type Options struct {
	Dial    func(context.Context) (*endpoint.Conn, error)
	Framing framing.Framing
	Whole   bool // the transport keeps messages apart, and Framing does not matter
	Most    int  // bytes that a message may have; 0 means any number

	// Messages are sent in order, each after the replies to the one before. None
	// means what is known to be harmless for the framing.
	Messages []Message
	Expect   Expect

	Gap    time.Duration // between two pieces of a frame; 0 means DefaultGap
	Wait   time.Duration // the longest wait for a reply; 0 means 3 s, 5 s for the first
	Budget time.Duration // for all checks; 0 means DefaultBudget

	Each func(Result) // is told of each result when it is known; may be nil
}

// A Result is what one check found.
type Result struct {
	Check    string
	Verdict  Verdict
	Observed string // what was seen, or why the check was skipped
	Split    *Split // the smallest that fails, where cutting is what fails
	Again    *Again // what shows a failure once more
	Took     time.Duration

	after *outcome // a fresh baseline behind it, where the check has made one
}

// A Split is a way to cut what is sent.
type Split struct {
	Sizes []int  // bytes of the pieces
	Part  string // the part of the frame that the first cut lies in
}

// A Report is what Run found.
type Report struct {
	Results     []Result
	Connections int           // that were made
	Pieces      int           // that were to reach the peer in a read of their own
	Merged      int           // of these, how many the kernel may have merged with the one before
	Confirmed   bool          // that pieces arrived apart was confirmed by the kernel
	Gap         time.Duration // between pieces
	Took        time.Duration
}

// Count returns how many results have verdict v.
func (r *Report) Count(v Verdict) int {
	n := 0
	for _, result := range r.Results {
		if result.Verdict == v {
			n++
		}
	}
	return n
}

// Executed returns how many checks were not skipped.
func (r *Report) Executed() int { return len(r.Results) - r.Count(Skip) }

// run is one Run.
type run struct {
	o      Options
	talk   *conversation
	report Report
	start  time.Time

	whole    bool          // the transport keeps messages apart: nothing can be cut
	halves   bool          // it can half-close
	lingers  bool          // the peer does not close after our half-close
	latency  time.Duration // the longest of the baseline
	greeting []*want
	end      time.Time // of the check at hand

	cuts         map[cut]*outcome // what trials of single cuts found
	sure         map[cut]bool     // those that were tried with a long pause too
	gone         string           // the check after which the peer no longer answered
	failedChecks map[string]bool
	harming      bool   // malformed frames are being sent
	harm         []byte // after which the peer no longer answered rightly; nil if nothing did that
}

// Run probes the peer. Where nothing can be connected to at first, the error is
// that of Dial. When ctx ends the report holds what was found until then, and the
// error is the cause.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &run{o: o, whole: o.Whole, start: time.Now(), cuts: map[cut]*outcome{}, sure: map[cut]bool{}, failedChecks: map[string]bool{}}
	if r.o.Gap == 0 {
		r.o.Gap = DefaultGap
	}
	if r.o.Budget == 0 {
		r.o.Budget = DefaultBudget
	}
	r.report.Gap = r.o.Gap
	defer func() { r.report.Took = time.Since(r.start) }()
	talk, err := newConversation(o)
	if err != nil {
		return nil, err
	}
	r.talk = talk
	limited, cancel := context.WithTimeout(ctx, r.o.Budget+grace)
	defer cancel()
	for i, c := range order() {
		if ctx.Err() != nil {
			break
		}
		began := time.Now()
		r.end = r.deadline(began, len(checks)-i)
		result, err := r.check(limited, c)
		if err != nil {
			return &r.report, err
		}
		if ctx.Err() != nil {
			break // the check was cut off: what it saw says nothing about the peer
		}
		if limited.Err() != nil {
			result = skip(noTime)
		}
		result.Check = c.name
		result.Took = time.Since(began)
		r.report.Results = append(r.report.Results, result)
		if o.Each != nil {
			o.Each(result)
		}
		if c.name == baselineCheck && result.Verdict == Fail {
			break
		}
	}
	return &r.report, context.Cause(ctx)
}

// deadline is when the check that begins now, one of those left, must be over.
func (r *run) deadline(now time.Time, left int) time.Time {
	const least, most = 700 * time.Millisecond, 5 * time.Second
	remaining := r.o.Budget - now.Sub(r.start)
	return now.Add(min(most, max(least, remaining-time.Duration(left)*least)))
}

// check runs one check.
func (r *run) check(ctx context.Context, c check) (Result, error) {
	switch {
	case ctx.Err() != nil:
		return skip(""), nil // the caller knows why
	case r.gone != "" && c.name != aliveCheck:
		return skip("the peer has not answered since " + r.gone), nil
	case r.whole && c.bytes:
		return skip("the transport keeps messages whole"), nil
	}
	if c.late && !r.harming && c.name != aliveCheck {
		r.loosen(ctx)
		r.harming = true
	}
	result := c.run(r, ctx)
	if c.name == baselineCheck {
		if refused := r.talk.refused; refused != nil {
			return Result{}, refused
		}
		return result, nil
	}
	if result.Verdict != Fail || ctx.Err() != nil || c.name == aliveCheck {
		return result, nil
	}
	r.failedChecks[c.name] = true
	if result.after == nil {
		result.after = r.freshBaseline(ctx)
	}
	if r.lost(ctx, result.after) {
		r.gone = c.name
		result.Observed += "; the peer has not answered since"
	}
	return result, nil
}

func skip(reason string) Result { return Result{Verdict: Skip, Observed: reason} }

func pass(format string, args ...any) Result {
	return Result{Verdict: Pass, Observed: fmt.Sprintf(format, args...)}
}

// frameOf frames body as the client, and finds its layout.
func frameOf(c frame.Codec, body []byte) (frame.Frame, error) {
	raw, err := c.AppendFrame(nil, body)
	if err != nil {
		return frame.Frame{}, err
	}
	return spanned(c, raw)
}

// spanned divides raw, which is one frame of c.
func spanned(c frame.Codec, raw []byte) (frame.Frame, error) {
	sp, need, err := c.Scan(raw, &frame.State{})
	if first, ok := c.(frame.FirstScanner); ok && (err != nil || need > 0 || sp.Len() != len(raw)) {
		sp, need, err = first.ScanFirst(raw, &frame.State{})
	}
	switch {
	case err != nil:
		return frame.Frame{}, err
	case need > 0 || sp.Len() != len(raw):
		return frame.Frame{}, errors.New("not one whole frame")
	}
	return frame.Frame{Raw: raw, Span: sp}, nil
}
