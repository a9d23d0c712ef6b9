package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/chancat/channel/internal/diff"
	"github.com/chancat/channel/internal/replay"
	"github.com/chancat/channel/internal/text/escape"
)

// A tally tells the outcomes of a replay and counts them.
type tally struct {
	e       *env
	json    bool
	against bool // answers of two servers are compared
	wait    time.Duration

	same, differs int // messages; all that are not the same differ
	err           error
}

func (t *tally) outcome(o replay.Outcome) {
	if o.Verdict == replay.Same {
		t.same++
	} else {
		t.differs++
	}
	var line []byte
	switch {
	case t.json:
		line = appendOutcome(nil, o)
	case o.Verdict != replay.Same || t.e.verbose:
		line = t.describe(o)
	default:
		return
	}
	if _, err := t.e.stdout.Write(line); err != nil && t.err == nil {
		t.err = &outputError{err}
	}
}

// describe shows an outcome to a person.
func (t *tally) describe(o replay.Outcome) []byte {
	wanted := "recorded"
	if t.against {
		wanted = "the first server"
	}
	line := fmt.Appendf(nil, "#%d ← ", o.Seq)
	switch o.Verdict {
	case replay.Same:
		return fmt.Appendf(line, "same, %d bytes%s\n", len(o.Got), t.latency(o))
	case replay.Missing:
		return appendPreview(fmt.Appendf(line, "missing; %s: %d bytes\n", wanted, len(o.Want)), "- ", o.Want)
	case replay.Unexpected:
		what := "not recorded"
		if t.against {
			what = "not from the first server"
		}
		return appendPreview(fmt.Appendf(line, "unexpected, %s: %d bytes\n", what, len(o.Got)), "+ ", o.Got)
	}
	line = fmt.Appendf(line, "differs at byte %d: %d bytes, %s %d%s\n", diff.Offset(o.Want, o.Got), len(o.Got), wanted, len(o.Want), t.latency(o))
	return diff.Append(line, o.Want, o.Got, false)
}

func (t *tally) latency(o replay.Outcome) string {
	switch {
	case t.against && o.Latency > 0 && o.WantLatency > 0:
		return fmt.Sprintf(" (%v, first server %v)", rounded(o.Latency), rounded(o.WantLatency))
	case o.Latency > 0:
		return fmt.Sprintf(" (%v)", rounded(o.Latency))
	}
	return ""
}

// appendOutcome appends an outcome as an event.
func appendOutcome(dst []byte, o replay.Outcome) []byte {
	dst = fmt.Appendf(dst, `{"event":"answer","seq":%d,"verdict":"%s"`, o.Seq, o.Verdict)
	if o.Latency > 0 {
		dst = fmt.Appendf(dst, `,"latency_us":%d`, o.Latency.Microseconds())
	}
	if o.WantLatency > 0 {
		dst = fmt.Appendf(dst, `,"want_latency_us":%d`, o.WantLatency.Microseconds())
	}
	if o.Verdict == replay.Differs {
		dst = fmt.Appendf(dst, `,"at":%d`, diff.Offset(o.Want, o.Got))
	}
	if o.Verdict != replay.Same && o.Verdict != replay.Unexpected {
		dst = appendBody(dst, "want_", o.Want)
	}
	if o.Verdict != replay.Missing {
		dst = appendBody(dst, "", o.Got)
	}
	return append(dst, "}\n"...)
}

// appendBody appends a message as events have it, its key behind prefix.
func appendBody(dst []byte, prefix string, body []byte) []byte {
	if utf8.Valid(body) && bytes.IndexByte(body, 0) < 0 {
		return escape.AppendJSONString(fmt.Appendf(dst, `,"%stext":`, prefix), body)
	}
	return fmt.Appendf(dst, `,"%sbase64":"%s"`, prefix, base64.StdEncoding.EncodeToString(body))
}

// finish tells the sum of it. err is what ended it early.
func (t *tally) finish(r replay.Result, err error) error {
	total := t.same + t.differs
	if t.json {
		fmt.Fprintf(t.e.stdout, `{"event":"replay","sent":%d,"answers":%d,"same":%d,"differs":%d,"owed":%d}`+"\n", r.Sent, total, t.same, t.differs, r.Owed)
	} else if total == 0 && err == nil {
		fmt.Fprintf(t.e.stdout, "%d sent, no answer to compare\n", r.Sent)
	} else if t.differs == 0 && err == nil {
		fmt.Fprintf(t.e.stdout, "%d sent, %s\n", r.Sent, counted(t.same, "answer is the same", "answers are the same"))
	}
	switch {
	case t.err != nil:
		return t.err
	case r.Reordered && !t.json:
		t.e.say("the same messages came in another order; --unordered allows that")
	}
	if t.differs == 0 {
		return err
	}
	if err != nil {
		t.e.tell(err) // a difference is the more likely reason, and decides the exit status
	}
	if t.differs == 1 {
		return &codedError{exitFailed, fmt.Errorf("1 of %d answers differs", total)}
	}
	return &codedError{exitFailed, fmt.Errorf("%d of %d answers differ", t.differs, total)}
}
