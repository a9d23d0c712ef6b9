package link

import (
	"errors"
	"fmt"
	"io"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// A Fault is what is known of a broken frame.
type Fault struct {
	Bytes []byte      // from the first byte of the broken frame; borrowed
	Cause frame.Cause // of docs/spec.md §7.10, or syntax
	Hint  string      // what it is and what to try; empty when nothing is known
}

// surely is the score from which an explanation is told as the cause. Of a stream
// that ends within its first frame less is known: it is cut off, unless something
// else is almost certain.
const (
	surely        = 0.5
	almostCertain = 0.9
)

// FaultIn explains err, with which r has ended: f is its framing, from the side
// that sends what it reads. The zero Fault says that err is no broken frame.
func FaultIn(r *frame.Reader, f framing.Framing, from session.Side, err error) Fault {
	e, ok := errors.AsType[*frame.Error](err)
	if !ok || e.Cause == "" {
		return Fault{}
	}
	data, offset := r.Recent()
	return FaultOf(err, f, from, data, offset)
}

// FaultOf explains err by data, which begins with a frame at that offset of the
// stream and holds the broken one.
func FaultOf(err error, f framing.Framing, from session.Side, data []byte, offset int64) Fault {
	e, ok := errors.AsType[*frame.Error](err)
	if !ok || e.Cause == "" {
		return Fault{}
	}
	broken := data[min(max(e.Start-offset, 0), int64(len(data))):]
	fault := Fault{Bytes: broken, Cause: e.Cause, Hint: Hint(err, broken)}
	s := detect.Stream{Data: data, From: SideOf(from), Ended: e.Cause == frame.CauseTruncated}
	d := detect.ExplainFrom(f, s, detect.Place{Offset: offset})
	x := d.Best()
	enough := surely
	if e.Cause == frame.CauseTruncated && e.Start == 0 {
		enough = almostCertain
	}
	if d.OK || !x.Measured || x.Score < enough || d.Start != e.Start {
		return fault
	}
	fault.Cause = x.Cause
	if x.Cause != frame.CauseWrongProtocol || fault.Hint == "" {
		fault.Hint = hintOf(&d, x)
	}
	return fault
}

// hintOf is an explanation in one line.
func hintOf(d *detect.Diagnosis, x detect.Explanation) string {
	text := fmt.Sprintf("%s: %s", x.Cause, x.Detail)
	if d.Offset != d.Start {
		text += fmt.Sprintf("; the frame at byte %d is guilty", d.Offset)
	}
	if x.Framing != "" {
		return text + "; try -f " + x.Framing
	}
	if x.Repair != "" {
		text += "; " + x.Repair
	}
	return text
}

// SideOf is s as detect has it.
func SideOf(s session.Side) detect.Side {
	switch s {
	case session.Client:
		return detect.Client
	case session.Server:
		return detect.Server
	}
	return detect.Unknown
}

// Hint says what the bytes of a broken frame look like, and what to try; empty
// when nothing is known to try, as where they just end too early.
func Hint(err error, broken []byte) string {
	e, ok := errors.AsType[*frame.Error](err)
	if !ok || errors.Is(err, io.ErrUnexpectedEOF) {
		return ""
	}
	// A framing that has accepted what the bytes are known by is not doubted.
	before := broken[:min(e.Offset-e.Start, int64(len(broken)))]
	_, accepted := detect.ProtocolOf(before)
	if p, ok := detect.ProtocolOf(broken); ok && !accepted {
		return "the bytes look like " + p.Name + "; try " + p.Try
	}
	if errors.Is(err, frame.ErrTooLarge) {
		return "either that is no length, or the limit is too low: max=SIZE behind the framing raises it"
	}
	return ""
}
