// Package recording changes recordings on their way into a file: what is secret is
// blotted out, and parts are cut out.
//
// The events of a recording tell everything twice, as reads and as messages, and a
// read stands before the messages that it completes. So reads are held back until
// the messages are known to which their bytes belong. The order of events stays.
package recording

import (
	"slices"

	"github.com/chancat/channel/session"
)

// heldMost bounds the bytes that wait for their messages. Beyond it the oldest
// reads go on without their bytes: what is not known to be clean is not written.
const heldMost = 64 << 20

// A Sink takes events; they are borrowed for the call.
type Sink interface {
	WriteEvent(*session.Event) error
	Flush() error
}

// An editor decides what becomes of events. It may change those that it is given,
// which are copies.
type editor interface {
	// message is called with each message and the bytes of its frame in the reads.
	message(e *item, frame []part)
	// loose is called with bytes that belong to no message.
	loose(parts []part)
	// other is called with every other event.
	other(e *item)
	// release is called with a read before it is written.
	release(e *item)
}

// An item is an event that waits.
type item struct {
	event   session.Event
	start   int64 // read: offset of its first byte in the stream
	open    bool  // read: some bytes belong to no known message yet
	dropped bool  // it is not written
	kept    []span
	bare    bool // read: it is written without its bytes
}

// A span is bytes of a read: from, inclusive, to to.
type span struct{ from, to int }

// A part is bytes of one read.
type part struct {
	item  *item
	span  span
	bytes []byte // nil where the recording does not have them
}

type direction struct {
	conn int
	from session.Side
}

// A flow is what is known of one direction.
type flow struct {
	pos    int64   // bytes of all reads
	open   []*item // reads that are not settled, in order
	broken bool    // what comes belongs to no message
}

// A holder holds events back. It is not safe for concurrent use.
type holder struct {
	sink   Sink
	editor editor
	queue  []*item
	flows  map[direction]*flow
	held   int
	limit  int
}

func newHolder(sink Sink, e editor) *holder {
	return &holder{sink: sink, editor: e, flows: map[direction]*flow{}, limit: heldMost}
}

// add takes an event, borrowed for the call.
func (h *holder) add(e *session.Event) error {
	it := &item{event: *e}
	it.event.Data, it.event.Plain = slices.Clone(e.Data), slices.Clone(e.Plain)
	h.queue = append(h.queue, it)
	h.held += size(e)
	switch e.Kind {
	case session.Read:
		h.read(it)
	case session.Message:
		f := h.flow(e)
		end := e.Offset + int64(e.Head) + int64(e.Body) + int64(e.Tail)
		h.editor.message(it, f.parts(e.Offset, end))
		f.settle(end)
	case session.Broken:
		h.editor.other(it)
		h.end(h.flow(e))
		h.flow(e).broken = true
	case session.Lost:
		h.end(h.flow(e))
		h.flow(e).pos += int64(e.N)
		h.editor.other(it)
	case session.Close:
		h.end(h.flow(e))
		delete(h.flows, direction{e.Conn, e.From})
		if e.Reason != "eof" {
			h.endAll(e.Conn)
		}
		h.editor.other(it)
	default:
		h.editor.other(it)
	}
	return h.release()
}

// size is the bytes that e holds.
func size(e *session.Event) int { return len(e.Data) + len(e.Plain) }

func (h *holder) read(it *item) {
	f := h.flow(&it.event)
	it.start, it.open = f.pos, true
	f.pos += int64(it.event.N)
	f.open = append(f.open, it)
	if f.broken {
		h.end(f)
	}
}

func (h *holder) flow(e *session.Event) *flow {
	d := direction{e.Conn, e.From}
	if h.flows[d] == nil {
		h.flows[d] = &flow{}
	}
	return h.flows[d]
}

// parts are the bytes of the stream from, inclusive, to to that wait.
func (f *flow) parts(from, to int64) []part {
	var parts []part
	for _, it := range f.open {
		a, b := max(from, it.start), min(to, it.start+int64(it.event.N))
		if a >= b {
			continue
		}
		p := part{item: it, span: span{int(a - it.start), int(b - it.start)}}
		if len(it.event.Data) == it.event.N {
			p.bytes = it.event.Data[p.span.from:p.span.to]
		}
		parts = append(parts, p)
	}
	return parts
}

// settle says that the messages are known up to end.
func (f *flow) settle(end int64) {
	for len(f.open) > 0 && f.open[0].start+int64(f.open[0].event.N) <= end {
		f.open[0].open = false
		f.open = f.open[1:]
	}
}

// end says that what waits belongs to no message.
func (h *holder) end(f *flow) {
	if len(f.open) == 0 {
		return
	}
	from := f.open[0].start
	h.editor.loose(f.parts(from, f.pos))
	f.settle(f.pos)
}

func (h *holder) endAll(conn int) {
	for d, f := range h.flows {
		if d.conn == conn || conn == 0 {
			h.end(f)
			delete(h.flows, d)
		}
	}
}

// release writes what waits for nothing.
func (h *holder) release() error {
	for len(h.queue) > 0 {
		it := h.queue[0]
		if it.open && h.held <= h.limit {
			return nil
		}
		if it.open {
			it.bare = true
		}
		h.queue = h.queue[1:]
		h.held -= size(&it.event)
		if it.event.Kind == session.Read {
			h.editor.release(it)
		}
		if it.bare {
			it.event.Data = nil
		}
		if it.dropped {
			continue
		}
		if err := h.sink.WriteEvent(&it.event); err != nil {
			return err
		}
	}
	return nil
}

// close writes what waits for messages that will not come.
func (h *holder) close() error {
	h.endAll(0)
	if err := h.release(); err != nil {
		return err
	}
	return h.sink.Flush()
}
