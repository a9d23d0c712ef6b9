// Package replay plays recorded conversations again, as either side, and compares
// what the other side says with the recording, or with another server.
//
//	events ──► Load ──► Conversation ──► Script ──► Run ──► Outcome, Outcome, …
//
// It prints nothing and knows no flags.
package replay

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/recording"
	"github.com/chancat/channel/session"
)

// recordingMost bounds the bytes of a recording that are kept in memory.
const recordingMost = 1 << 30

// What a Step is.
type Kind int

const (
	Message Kind = iota
	Chunk        // the bytes of one read
	Rest         // bytes that belong to no whole frame
	End          // the side ended its stream
)

// A Step is one thing that one side of a connection did.
type Step struct {
	Kind Kind
	From session.Side
	Time time.Time // zero where it is not known
	Seq  int       // message: counted from 1, by side
	Body []byte    // message
	Raw  []byte    // the bytes on the wire; of a message nil where the recording does not have them

	Answers int // message: the Seq of the other side's message that it answers; 0 where it is not known
}

// A Conversation is what happened on one connection, in the order of time.
type Conversation struct {
	Number        int
	Local, Remote string
	Steps         []Step
	Edited        int   // messages that are not what the reads hold: somebody changed them
	Lost          int64 // bytes that the capture lacks
	Broken        bool  // a frame of it is broken
}

// A Recording is what a session file or a capture holds.
type Recording struct {
	Framing       framing.Framing
	Conversations []*Conversation // in the order of their first event
}

// Load reads a recording from the events of a session file or a capture. Messages
// are taken as they are recorded. Where there are none, or the framing is given,
// the reads are decoded; with neither a given framing nor one in the recording the
// framing is orElse. What comes before a broken line is returned beside the error.
func Load(events iter.Seq2[*session.Event, error], given, orElse string) (*Recording, error) {
	l := loader{byNumber: map[int]*track{}, spelling: given}
	kept := 0
	var failed error
	for ev, err := range events {
		if err != nil {
			failed = err
			break
		}
		if kept += 3*len(ev.Data) + 300; kept > recordingMost {
			failed = fmt.Errorf("%w: it takes more than %d MiB of memory; 'chancat session slice' takes a part", frame.ErrTooLarge, recordingMost>>20)
			break
		}
		l.add(ev)
	}
	spelling := l.spelling
	if spelling == "" {
		spelling = orElse
	}
	f, err := framing.Parse(spelling)
	if err != nil {
		return nil, fmt.Errorf("the framing of the recording: %w", err)
	}
	r := &Recording{Framing: f}
	for _, t := range l.tracks {
		r.Conversations = append(r.Conversations, t.conversation(f, given != ""))
	}
	return r, failed
}

// Sides reports whether the client, and whether the server, sent anything.
func (c *Conversation) Sides() (client, server bool) {
	for i := range c.Steps {
		if c.Steps[i].Kind != End {
			client = client || c.Steps[i].From == session.Client
			server = server || c.Steps[i].From == session.Server
		}
	}
	return client, server
}

// A loader collects the events of each connection.
type loader struct {
	spelling string
	tracks   []*track
	byNumber map[int]*track
}

// An entry is what is kept of an event.
type entry struct {
	kind    session.Kind
	from    session.Side
	time    time.Time
	offset  int64
	n       int
	answers int
	abrupt  bool // close: nothing was ended, the connection is gone
	data    []byte
}

// A track is the events of one connection.
type track struct {
	number        int
	local, remote string
	entries       []entry
	messages      bool    // it has message events
	broken        [2]bool // it has a broken event of that side
}

func (l *loader) add(ev *session.Event) {
	if ev.Kind == session.Session {
		if l.spelling == "" {
			l.spelling = ev.Framing
		}
		return
	}
	t := l.byNumber[ev.Conn]
	if t == nil {
		t = &track{number: ev.Conn}
		l.byNumber[ev.Conn] = t
		l.tracks = append(l.tracks, t)
	}
	e := entry{
		kind: ev.Kind, from: ev.From, time: ev.Time, offset: ev.Offset, n: ev.N, answers: ev.Answers,
		abrupt: ev.Reason == "reset" || ev.Reason == "error",
		data:   slices.Clone(ev.Data), // borrowed
	}
	if e.from == "" {
		e.from = session.Client // a bare file: what else is there to do with it but send it
	}
	switch e.kind {
	case session.Open:
		if l.spelling == "" {
			l.spelling = openSpelling(ev.Framing)
		}
		t.local, t.remote = ev.Local, ev.Remote
		return
	case session.Message:
		t.messages = true
	case session.Broken:
		t.broken[index(e.from)] = true
	}
	t.entries = append(t.entries, e)
}

// openSpelling is the framing of an open event, unless it is the transport's own.
func openSpelling(spelling string) string {
	if _, err := framing.Parse(spelling); err != nil {
		return ""
	}
	return spelling
}

func index(s session.Side) int {
	if s == session.Server {
		return 1
	}
	return 0
}

// conversation puts the steps together. With anew set what was recorded as messages
// is not believed where there are reads.
func (t *track) conversation(f framing.Framing, anew bool) *Conversation {
	c := &Conversation{Number: t.number, Local: t.local, Remote: t.remote}
	hasReads := slices.ContainsFunc(t.entries, func(e entry) bool { return e.kind == session.Read && len(e.data) > 0 })
	a := assembler{
		c: c, recorded: t.messages && (!anew || !hasReads), broken: t.broken,
		decoders: [2]*recording.Decoder{recording.NewDecoder(f.C2S), recording.NewDecoder(f.S2C)},
		frames:   [2]map[int64]recording.Frame{{}, {}},
	}
	for i := range t.entries {
		a.add(&t.entries[i])
	}
	t.entries = nil // it may be large
	a.finish()
	return c
}

// An assembler makes steps of events.
type assembler struct {
	c        *Conversation
	recorded bool // messages come from message events, not from the reads
	broken   [2]bool
	decoders [2]*recording.Decoder
	frames   [2]map[int64]recording.Frame // decoded, and not recorded yet, by offset behind begin
	begin    [2]int64                     // where the recording begins in the stream
	seq      [2]int
	ended    [2]bool
}

func (a *assembler) add(e *entry) {
	side := index(e.from)
	d := a.decoders[side]
	switch e.kind {
	case session.Read:
		if len(e.data) != e.n {
			d.Fail() // bytes are withheld: what follows is at no known place
			return
		}
		a.step(Step{Kind: Chunk, From: e.from, Time: e.time, Raw: e.data})
		a.decoded(e, d.Feed(e.data))
	case session.Message:
		if !a.recorded {
			return
		}
		body, raw := e.data, []byte(nil)
		if first, ok := a.frames[side][0]; ok && a.seq[side] == 0 && bytes.Equal(first.Message, body) {
			a.begin[side] = e.offset
		}
		at := e.offset - a.begin[side]
		if known, ok := a.frames[side][at]; ok {
			delete(a.frames[side], at)
			if bytes.Equal(known.Message, body) {
				body, raw = known.Message, known.Raw // which share their memory
			} else {
				a.c.Edited++
			}
		}
		a.message(e, body, raw)
	case session.Broken:
		a.c.Broken = true
	case session.Lost:
		a.c.Lost += int64(e.n)
		a.decoded(e, d.Lose(e.n))
	case session.Close:
		if e.abrupt {
			return // it is closed at the end in any case
		}
		a.end(e.from, e.time)
	}
}

func (a *assembler) step(s Step) { a.c.Steps = append(a.c.Steps, s) }

func (a *assembler) message(e *entry, body, raw []byte) {
	side := index(e.from)
	a.seq[side]++
	a.step(Step{Kind: Message, From: e.from, Time: e.time, Seq: a.seq[side], Answers: e.answers, Body: body, Raw: raw})
}

// decoded adds what a read has completed.
func (a *assembler) decoded(e *entry, frames []recording.Frame) {
	for _, f := range frames {
		if a.recorded {
			a.frames[index(e.from)][f.Offset] = f
		} else {
			a.message(e, f.Message, f.Raw)
		}
	}
	a.rest(e.from, e.time)
}

// rest adds the bytes from a broken frame on. Where messages were recorded, the
// recording must say that it is broken: another framing may have been theirs.
func (a *assembler) rest(from session.Side, at time.Time) {
	side := index(from)
	rest := a.decoders[side].TakeRest()
	if len(rest) == 0 || a.recorded && !a.broken[side] {
		return
	}
	a.c.Broken = true
	a.step(Step{Kind: Rest, From: from, Time: at, Raw: rest})
}

func (a *assembler) end(from session.Side, at time.Time) {
	side := index(from)
	if a.ended[side] {
		return
	}
	a.ended[side] = true
	a.decoded(&entry{from: from, time: at}, a.decoders[side].End())
	a.step(Step{Kind: End, From: from, Time: at})
}

// finish adds what the end of the recording has cut off.
func (a *assembler) finish() {
	for i, side := range []session.Side{session.Client, session.Server} {
		if !a.ended[i] {
			a.decoded(&entry{from: side}, a.decoders[i].End())
		}
	}
}
