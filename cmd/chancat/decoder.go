package main

import (
	"errors"
	"io"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/inflate"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
)

// raw prints the messages of a bare stream.
func (c *decodeCommand) raw(name string, stream io.Reader) error {
	r := frame.NewReader(stream, c.framing.Either.Codec, c.framing.Either.Max)
	d := decoder{c: c, name: name, reader: r, framing: c.framing, plain: inflate.Of(c.framing.Either.Codec), arrival: time.Now}
	err := d.messages()
	switch {
	case err == io.EOF && d.broken:
		return &toldError{&codedError{exitBroken, errors.New("broken frames")}}
	case err == io.EOF:
		return nil
	}
	return err
}

// A decoder prints the messages of one direction of one stream.
type decoder struct {
	c       *decodeCommand
	name    string // of the stream, for people
	reader  *frame.Reader
	framing framing.Framing
	conn    int
	from    session.Side
	seq     int
	arrival func() time.Time
	where   string // put before messages for a person
	broken  bool   // some frame was

	plain *inflate.Messages

	seeking     bool // a broken frame was left, and no other found yet
	skipped     int64
	skippedFrom int64
}

// messages prints messages until something ends them, and passes over broken frames
// if that is wanted.
func (d *decoder) messages() error {
	for {
		var err error
		if d.seeking {
			err = d.seek()
		} else {
			err = d.whole()
		}
		switch err {
		case nil:
			continue
		case io.EOF, frame.ErrPending: // nearly always
			return err
		}
		e, ok := errors.AsType[*frame.Error](err)
		if !ok || e.Cause == "" {
			return err
		}
		why := d.explain(err)
		d.brokenEvent(e, why)
		fault := located(d.name, err, why)
		if !d.c.keepGoing {
			return fault
		}
		if err := d.tell(fault); err != nil {
			return err
		}
		d.lookFrom(e.Start)
	}
}

// tell says what is wrong with the frame at hand, behind the messages before it.
func (d *decoder) tell(fault error) error {
	d.broken = true
	err := d.c.print.flushed()
	d.c.e.tell(fault)
	return err
}

// lookFrom makes messages look for a place where frames go on.
func (d *decoder) lookFrom(offset int64) {
	d.plain.Lose()
	d.seeking, d.skippedFrom, d.skipped = true, offset, 0
}

// seek passes over what belongs to no frame.
func (d *decoder) seek() error {
	n, err := d.reader.Resync()
	d.skipped += n
	if errors.Is(err, frame.ErrPending) {
		return err
	}
	d.seeking = false
	if d.skipped > 0 {
		d.c.e.say("%s: skipped %d bytes from byte %d", d.name, d.skipped, d.skippedFrom)
	}
	return err
}

// whole prints the messages up to the first frame that is not whole.
func (d *decoder) whole() error {
	p := d.c.print
	if p.bare() && (d.plain == nil || d.c.saidCompressed) {
		return d.messagesAlone()
	}
	for {
		f, err := d.reader.Next()
		if err != nil {
			return err
		}
		d.seq++
		ev := session.Event{
			Kind: session.Message, Conn: d.conn, From: d.from, Seq: d.seq,
			Offset: f.Offset, Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail, Reads: f.Reads, Data: d.reader.Message(f),
		}
		if p.events != nil {
			ev.Time = d.arrival()
			err = p.events.WriteEvent(&ev)
		} else {
			ev.Plain = d.plain.Message(f.Raw, ev.Data, framing.DefaultMax)
			shown := p.shown(&ev)
			d.noteCompressed(&ev, shown)
			err = p.message(d.where, shown)
		}
		if err != nil {
			return err
		}
	}
}

// noteCompressed says, once, that what is printed is not what messages say.
func (d *decoder) noteCompressed(ev *session.Event, shown []byte) {
	if ev.Plain != nil && len(shown) > 0 && &shown[0] == &ev.Data[0] && !d.c.saidCompressed {
		d.c.saidCompressed = true
		d.c.e.say("%s: messages are compressed, and printed so; --view or --filter inflates them", d.name)
	}
}

// messagesAlone is whole where only the messages are wanted, of which there may be
// millions.
func (d *decoder) messagesAlone() error {
	messages := make([][]byte, 0, receivedAtOnce)
	for {
		var err error
		if messages, err = d.reader.AppendMessages(messages[:0]); err != nil {
			return err
		}
		if err := d.c.print.all("", messages); err != nil {
			return err
		}
	}
}

// explainedMost bounds the broken frames that are explained at length: a damaged file
// may have thousands, and a capture as many connections that it cuts off.
const explainedMost = 64

// explain says why the frame at hand is broken.
func (d *decoder) explain(err error) link.Fault {
	if d.c.explained++; d.c.explained > explainedMost {
		e, _ := errors.AsType[*frame.Error](err)
		bytes := d.reader.Buffered()
		return link.Fault{Bytes: bytes, Cause: e.Cause, Hint: link.Hint(err, bytes)}
	}
	return link.FaultIn(d.reader, d.framing, d.from, err)
}

func (d *decoder) brokenEvent(e *frame.Error, why link.Fault) {
	if d.c.print.events == nil {
		return
	}
	d.c.print.events.WriteEvent(&session.Event{
		Kind: session.Broken, Time: d.arrival(), Conn: d.conn, From: d.from, Offset: e.Start, At: e.Offset,
		Cause: string(why.Cause), Error: e.Error(), Hint: why.Hint, Data: why.Bytes[:min(len(why.Bytes), link.BrokenBytes)],
	})
}
