package recording

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// brokenBytes bounds the bytes of a broken frame that an event has.
const brokenBytes = 256

// A Frame is one that a Decoder has found.
type Frame struct {
	Offset       int64 // of its first byte in the stream
	Span         frame.Span
	Reads        int
	Message, Raw []byte
}

// A Decoder cuts one direction of a connection into frames, as it is fed.
type Decoder struct {
	feed    frame.Feed
	reader  *frame.Reader // of feed
	plain   bool          // a body is the message
	broken  *frame.Error  // what ended the frames
	failed  bool
	seeking bool // bytes were lost, and no frame was found since
	rest    []byte
}

// NewDecoder returns a Decoder of what d describes.
func NewDecoder(d framing.Direction) *Decoder {
	_, escapes := d.Codec.(frame.MessageAppender)
	dec := &Decoder{plain: !escapes}
	dec.reader = frame.NewReader(&dec.feed, d.Codec, d.Max)
	return dec
}

// Feed returns the frames that data, borrowed for the call, completes. Behind a
// broken frame there are none.
func (d *Decoder) Feed(data []byte) []Frame {
	if d.failed {
		d.rest = append(d.rest, data...)
		return nil
	}
	d.feed.Give(data)
	return d.drain()
}

// End returns the frame that the end of the stream completes, if it does.
func (d *Decoder) End() []Frame {
	if d.failed || d.feed.Ended() {
		return nil
	}
	d.feed.End()
	return d.drain()
}

// Fail makes the Decoder take what follows for broken.
func (d *Decoder) Fail() { d.failed = true }

// Broken is the broken frame that ended the frames; nil if none has.
func (d *Decoder) Broken() *frame.Error { return d.broken }

// TakeRest returns the bytes from a broken frame on that came since the last call.
func (d *Decoder) TakeRest() []byte {
	rest := d.rest
	d.rest = nil
	return rest
}

// Lose goes on behind n bytes that were not captured, where a frame could start.
// Whatever frame they break was not captured either.
func (d *Decoder) Lose(n int) []Frame {
	if d.failed || d.feed.Ended() {
		return nil
	}
	_ = d.reader.Lose(int64(n)) // the frame that it breaks
	d.seeking = true
	return d.drain()
}

func (d *Decoder) drain() (frames []Frame) {
	defer d.reader.Settle()
	for {
		if d.seeking {
			if _, err := d.reader.Resync(); err != nil {
				return frames
			}
			d.seeking = false
		}
		f, err := d.reader.Next()
		switch {
		case err == nil:
			frames = append(frames, d.owned(f))
		case err == io.EOF, errors.Is(err, frame.ErrPending):
			return frames
		default:
			d.failed = true
			d.broken, _ = errors.AsType[*frame.Error](err)
			d.rest = append(slices.Clone(d.reader.Buffered()), d.feed.Rest()...)
			return frames
		}
	}
}

// owned is a copy of f. Where the body is the message there is one of it.
func (d *Decoder) owned(f frame.Frame) Frame {
	own := Frame{Offset: f.Offset, Span: f.Span, Reads: f.Reads, Raw: bytes.Clone(f.Raw)}
	body := own.Raw[f.Span.Head : f.Span.Head+f.Span.Body]
	if own.Message = body; !d.plain {
		own.Message = bytes.Clone(d.reader.Message(f))
	}
	return own
}

// Decode returns events with the messages of f that their reads hold behind the
// reads, and a broken event where a frame is broken. Messages that the events have
// already are left out.
func Decode(events iter.Seq2[*session.Event, error], f framing.Framing) iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		t := teller{f, map[direction]*told{}, yield}
		for ev, err := range events {
			if err != nil {
				yield(ev, err)
				return
			}
			if !t.event(ev) {
				return
			}
		}
	}
}

type teller struct {
	framing framing.Framing
	told    map[direction]*told
	yield   func(*session.Event, error) bool
}

// told is what was told of one direction.
type told struct {
	decoder *Decoder
	seq     int
	broken  bool
}

func (t *teller) of(ev *session.Event) *told {
	d := direction{ev.Conn, ev.From}
	if t.told[d] == nil {
		t.told[d] = &told{decoder: NewDecoder(sentBy(ev.From, t.framing))}
	}
	return t.told[d]
}

// sentBy is how a side frames what it sends.
func sentBy(side session.Side, f framing.Framing) framing.Direction {
	switch side {
	case session.Client:
		return f.C2S
	case session.Server:
		return f.S2C
	}
	return f.Either
}

func (t *teller) event(ev *session.Event) bool {
	switch ev.Kind {
	case session.Read:
		return t.yield(ev, nil) && t.frames(ev, t.of(ev).decoder.Feed(ev.Data))
	case session.Message, session.Broken:
		return true
	case session.Lost:
		return t.yield(ev, nil) && t.frames(ev, t.of(ev).decoder.Lose(ev.N))
	case session.Close:
		if !t.frames(ev, t.of(ev).decoder.End()) || !t.yield(ev, nil) {
			return false
		}
		delete(t.told, direction{ev.Conn, ev.From})
		if ev.Reason != "eof" { // the connection is gone
			for _, side := range []session.Side{session.Client, session.Server, ""} {
				delete(t.told, direction{ev.Conn, side})
			}
		}
		return true
	}
	return t.yield(ev, nil)
}

func (t *teller) frames(ev *session.Event, frames []Frame) bool {
	d := t.of(ev)
	for _, f := range frames {
		d.seq++
		if !t.yield(&session.Event{
			Kind: session.Message, Time: ev.Time, Conn: ev.Conn, From: ev.From, Seq: d.seq, Offset: f.Offset,
			Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail, Reads: f.Reads, Data: f.Message,
		}, nil) {
			return false
		}
	}
	rest := d.decoder.TakeRest()
	b := d.decoder.Broken()
	if b == nil || d.broken {
		return true
	}
	d.broken = true
	return t.yield(&session.Event{
		Kind: session.Broken, Time: ev.Time, Conn: ev.Conn, From: ev.From, Offset: b.Start, At: b.Offset,
		Cause: string(b.Cause), Error: b.Error(), Data: rest[:min(len(rest), brokenBytes)],
	}, nil)
}
