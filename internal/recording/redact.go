package recording

import (
	"bytes"
	"regexp"
	"sync"

	"github.com/chancat/channel/session"
)

// A Redactor writes events with what a regular expression matches blotted out: each
// byte of a match in a message becomes a *, in the message and in the reads that
// carried it, so that lengths and frames stay as they are. Where the expression has
// groups in parentheses, only what they match is blotted out.
//
// It looks into each message by itself, and into each run of bytes that belongs to
// no message. Where the bytes on the wire are not those of the message (escaped, or
// masked), the reads are written without their bytes, of which n remains. Of a message
// that came compressed, and of which [session.Event] has the plain form, a match blots
// out all. Heads of frames are not looked into.
//
// It is safe for concurrent use. Events wait in it for the messages that they belong
// to: Close writes what is left.
type Redactor struct {
	mu     sync.Mutex // guards the holder
	holder *holder
}

// NewRedactor returns a Redactor of the matches of each of secrets that writes to
// sink.
func NewRedactor(sink Sink, secrets []*regexp.Regexp) *Redactor {
	return &Redactor{holder: newHolder(sink, &blotter{secrets})}
}

// WriteEvent takes an event, which is borrowed for the call.
func (r *Redactor) WriteEvent(e *session.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holder.add(e)
}

// Flush flushes what does not wait.
func (r *Redactor) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holder.sink.Flush()
}

// Close writes and flushes what still waits. It does not close the sink.
func (r *Redactor) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holder.close()
}

type blotter struct{ secrets []*regexp.Regexp }

// matches are the spans of data to blot out.
func (b *blotter) matches(data []byte) (spans []span) {
	for _, secret := range b.secrets {
		for _, m := range secret.FindAllSubmatchIndex(data, -1) {
			spans = append(spans, blots(m)...)
		}
	}
	return spans
}

// blots are the groups of a match, or all of it where none took part.
func blots(match []int) (spans []span) {
	for i := 2; i < len(match); i += 2 {
		if match[i] >= 0 {
			spans = append(spans, span{match[i], match[i+1]})
		}
	}
	if spans == nil {
		return []span{{match[0], match[1]}}
	}
	return spans
}

func (b *blotter) message(e *item, frame []part) {
	if len(b.matches(e.event.Plain)) > 0 { // where it stands in what is compressed, nobody can tell
		stars(e.event.Data)
		stars(e.event.Plain)
		withhold(frame)
		return
	}
	spans := b.matches(e.event.Data)
	if len(spans) == 0 {
		return
	}
	head, body := e.event.Head, e.event.Body
	raw := joined(frame)
	plain := len(raw) >= head+body && bytes.Equal(raw[head:head+body], e.event.Data)
	for _, s := range spans {
		stars(e.event.Data[s.from:s.to])
		if plain {
			blot(frame, span{head + s.from, head + s.to})
		}
	}
	if !plain {
		withhold(frame)
	}
}

// withhold lets the reads of frame go on without their bytes.
func withhold(frame []part) {
	for _, p := range frame {
		p.item.bare = true
	}
}

func (b *blotter) loose(parts []part) {
	for _, s := range b.matches(joined(parts)) {
		blot(parts, s)
	}
}

func (b *blotter) other(e *item) {
	for _, s := range b.matches(e.event.Data) {
		stars(e.event.Data[s.from:s.to])
	}
}

func (b *blotter) release(*item) {}

// joined are the bytes of parts in one piece.
func joined(parts []part) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p.bytes...)
	}
	return all
}

// blot blots out s, which counts from the start of the first part.
func blot(parts []part, s span) {
	at := 0
	for _, p := range parts {
		from, to := max(s.from-at, 0), min(s.to-at, len(p.bytes))
		if from < to {
			stars(p.bytes[from:to])
		}
		at += len(p.bytes)
	}
}

func stars(b []byte) {
	for i := range b {
		b[i] = '*'
	}
}
