package link

import (
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/session"
)

// spanOf divides a frame that the codec itself made.
func (l *Link) spanOf(raw []byte) frame.Span {
	if first, ok := l.send.(frame.FirstScanner); ok && l.sent == 0 {
		if sp, need, err := first.ScanFirst(raw, &frame.State{}); err == nil && need == 0 && sp.Len() == len(raw) {
			return sp
		}
	}
	sp, _, _ := l.send.Scan(raw, &frame.State{})
	return sp
}

func (l *Link) observeSent(raw []byte, sp frame.Span) {
	if l.o.Observe == nil {
		return
	}
	now := time.Now()
	l.sentSeq++
	f := frame.Frame{Offset: l.sent, Raw: raw, Span: sp, Reads: 1}
	l.sent += int64(len(raw))
	if l.o.Reads && l.reader != nil { // a message of the transport's is no stretch of a stream
		l.o.Observe(&session.Event{Kind: session.Read, Time: now, Conn: l.o.Number, From: l.self(), N: len(raw), Data: raw})
	}
	body := f.Body()
	if u, ok := l.send.(frame.MessageAppender); ok {
		body = u.AppendMessage(nil, raw, sp)
	}
	l.messageEvent(l.self(), body, f, l.sentSeq, now)
}

func (l *Link) event(e *session.Event) {
	if l.o.Observe != nil {
		e.Time = time.Now()
		e.Conn = l.o.Number
		l.o.Observe(e)
	}
}

func (l *Link) messageEvent(from session.Side, body []byte, f frame.Frame, seq int, at time.Time) {
	l.o.Observe(&session.Event{
		Kind: session.Message, Time: at, Conn: l.o.Number, From: from, Seq: seq,
		Offset: f.Offset, Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail, Reads: f.Reads, Data: body,
	})
}

// ended tells why nothing more is received.
func (l *Link) ended(err error) {
	e, ok := errors.AsType[*frame.Error](err)
	switch {
	case ok && e.Cause != "":
		fault := l.Fault(err)
		l.event(&session.Event{
			Kind: session.Broken, From: l.peer(), Offset: e.Start, At: e.Offset, Cause: string(fault.Cause),
			Error: err.Error(), Hint: fault.Hint, Data: fault.Bytes[:min(len(fault.Bytes), BrokenBytes)],
		})
		if errors.Is(err, io.ErrUnexpectedEOF) {
			l.closeEvent(l.peer(), "eof")
		}
	case err == io.EOF:
		l.closeEvent(l.peer(), "eof")
	case errors.Is(err, syscall.ECONNRESET):
		l.closeEvent(l.peer(), "reset")
	default:
		l.closeEvent(l.peer(), "error")
	}
}

func (l *Link) closeEvent(from session.Side, reason string) {
	l.closed.Do(func() { l.event(&session.Event{Kind: session.Close, From: from, Reason: reason}) })
}
