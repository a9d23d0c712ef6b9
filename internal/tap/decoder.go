package tap

import (
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/answer"
	"github.com/chancat/channel/session"
)

// A decoder makes events of a backlog. It is used by one goroutine at a time.
type decoder struct {
	t       *tapped
	framing framing.Framing
	streams [2]*stream
	pairs   *answer.Pairs
	upgrade *upgrade
	auto    *undecided // nil once the framing is known
	broken  bool
	json    bool // the client has spoken JSON
}

func newDecoder(t *tapped) *decoder {
	d := &decoder{t: t}
	if t.o.Auto {
		d.auto = &undecided{}
	} else {
		d.frameAs(t.o.Framing)
	}
	return d
}

// frameAs sets the framing of both directions.
func (d *decoder) frameAs(f framing.Framing) {
	d.framing = f
	d.pairs = answer.New(f.Spelling)
	d.upgrade = newUpgrade(f.Spelling)
	d.streams[fromClient] = newStream(d, fromClient, f.C2S)
	d.streams[fromServer] = newStream(d, fromServer, f.S2C)
}

// take decodes entries, whose copied bytes stand one after another in copied.
func (d *decoder) take(entries []entry, copied []byte) {
	for i := range entries {
		e := &entries[i]
		var data []byte
		switch {
		case e.b != nil:
			data = e.shared
		case e.kind == bytesRead || e.kind == messageRead:
			data, copied = copied[:e.n:e.n], copied[e.n:]
		}
		d.entry(e, data)
		if e.b != nil {
			e.b.release()
		}
	}
}

// settle lets go of what the streams lie in; both hold no block then.
func (d *decoder) settle() {
	for _, s := range d.streams {
		if s != nil {
			s.settle()
		}
	}
}

func (d *decoder) entry(e *entry, data []byte) {
	if d.auto != nil {
		d.decide(e, data)
		return
	}
	d.apply(e, data)
}

// apply is what e means once the framing is known.
func (d *decoder) apply(e *entry, data []byte) {
	if e.kind == otherEvent {
		e.ev.Time, e.ev.Conn = e.at, d.t.o.Number
		d.t.o.Observe(e.ev)
		return
	}
	s := d.streams[e.side]
	switch e.kind {
	case bytesRead:
		if d.t.o.Reads {
			d.observe(e.side, e.at, &session.Event{Kind: session.Read, N: e.n, Data: data})
		}
		s.feed(data, e.b, e.at)
	case messageRead:
		s.whole(data, e.at)
	case bytesLost:
		d.observe(e.side, e.at, &session.Event{Kind: session.Lost, Offset: s.offset(), N: e.n, Reason: lostBehind})
		d.pairs.Lose()
		s.lose(e.n, e.at)
	case streamEnded:
		if e.ev.Reason == "eof" {
			s.end(e.at)
		}
		d.observe(e.side, e.at, e.ev)
	}
}

// lostBehind is the reason of a lost event: decoding fell behind.
const lostBehind = "behind"

// observe completes an event about a side and passes it on.
func (d *decoder) observe(side int, at time.Time, e *session.Event) {
	e.Time, e.Conn, e.From = at, d.t.o.Number, sides[side]
	d.t.o.Observe(e)
}

// note tells a person something about a side's stream.
func (d *decoder) note(side int, at time.Time, text string) {
	d.observe(side, at, &session.Event{Kind: session.Note, Reason: text})
}
