package recording

import (
	"cmp"
	"iter"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/inflate"
	"github.com/chancat/channel/session"
)

// Inflated returns events whose messages, where they are those of a compressed
// WebSocket and the reads are there too, have what they say as Plain. spelling is the
// framing; empty means that of which the events tell.
func Inflated(events iter.Seq2[*session.Event, error], spelling string) iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		i := inflater{spelling: spelling, sides: map[direction]*deflated{}}
		for ev, err := range events {
			if err == nil {
				i.event(ev)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

type inflater struct {
	spelling string
	framing  framing.Framing
	sides    map[direction]*deflated
}

// deflated is one direction of a WebSocket.
type deflated struct {
	decoder *Decoder
	plain   *inflate.Messages
	frames  []Frame // of the last read, that no message was told of yet
}

func (i *inflater) event(ev *session.Event) {
	switch ev.Kind {
	case session.Session, session.Open:
		if f, err := framing.Parse(cmp.Or(i.spelling, ev.Framing)); err == nil {
			i.framing = f
		}
	case session.Read:
		if d := i.side(ev); d != nil {
			d.pass(-1)
			d.frames = d.decoder.Feed(ev.Data)
			d.decoder.TakeRest() // nobody wants to know what is broken
		}
	case session.Message:
		if d := i.sides[direction{ev.Conn, ev.From}]; d != nil {
			ev.Plain = d.pass(ev.Offset)
		}
	case session.Lost:
		if d := i.side(ev); d != nil {
			d.pass(-1)
			d.plain.Lose()
			d.frames = d.decoder.Lose(ev.N)
		}
	case session.Close:
		if ev.Reason != "eof" {
			for _, side := range []session.Side{session.Client, session.Server, ""} {
				delete(i.sides, direction{ev.Conn, side})
			}
		}
	}
}

// side is the direction of ev; nil if it is none of a WebSocket.
func (i *inflater) side(ev *session.Event) *deflated {
	at := direction{ev.Conn, ev.From}
	if d := i.sides[at]; d != nil {
		return d
	}
	f := sentBy(ev.From, i.framing)
	plain := inflate.Of(f.Codec)
	if plain == nil {
		return nil
	}
	i.sides[at] = &deflated{decoder: NewDecoder(f), plain: plain}
	return i.sides[at]
}

// pass inflates the frames up to that at offset, of which it returns what it says;
// nil if it is not compressed. All are passed where there is none at offset.
func (d *deflated) pass(offset int64) []byte {
	for len(d.frames) > 0 {
		f := d.frames[0]
		d.frames = d.frames[1:]
		if plain := d.plain.Message(f.Raw, f.Message, framing.DefaultMax); f.Offset == offset {
			return plain
		}
	}
	return nil
}
