package recording

import (
	"github.com/chancat/channel/session"
)

// A Selection is a part of a recording. The zero Selection is all of it.
type Selection struct {
	Conn  int          // only this connection; 0 means all
	Only  session.Side // only what this side sent; empty means both
	From  int          // of the messages that are left, the first, counted from 1; 0 means 1
	Count int          // and how many; 0 means all
}

// whole reports whether every message of a connection that is selected is.
func (s Selection) whole() bool { return s.Only == "" && s.From <= 1 && s.Count == 0 }

// A Slicer writes the part of a recording that a Selection names, as a recording:
// messages are numbered anew, offsets count anew, and of the reads only the bytes of
// these messages stay. It is not safe for concurrent use.
type Slicer struct {
	holder *holder
	cutter *cutter
}

// NewSlicer returns a Slicer that writes to sink.
func NewSlicer(sink Sink, s Selection) *Slicer {
	c := &cutter{selection: s, made: map[direction]*made{}}
	return &Slicer{newHolder(sink, c), c}
}

// WriteEvent takes an event, which is borrowed for the call.
func (s *Slicer) WriteEvent(e *session.Event) error {
	if e.Kind != session.Session && s.cutter.selection.Conn != 0 && e.Conn != s.cutter.selection.Conn {
		return nil
	}
	return s.holder.add(e)
}

// Flush flushes what does not wait.
func (s *Slicer) Flush() error { return s.holder.sink.Flush() }

// Close writes and flushes what still waits. It does not close the sink.
func (s *Slicer) Close() error { return s.holder.close() }

// Messages is the number of messages taken.
func (s *Slicer) Messages() int { return s.cutter.taken }

// made is what was written of one direction.
type made struct {
	offset int64
	seq    int
	names  map[int]int // new numbers of messages by old ones
}

type cutter struct {
	selection Selection
	seen      int // messages of the sides that are wanted
	taken     int
	cut       bool // some message came after the last one taken
	made      map[direction]*made
}

func (c *cutter) direction(conn int, from session.Side) *made {
	d := direction{conn, from}
	if c.made[d] == nil {
		c.made[d] = &made{names: map[int]int{}}
	}
	return c.made[d]
}

// reached reports whether what is sent now lies in the selection.
func (c *cutter) reached(from session.Side) bool {
	s := c.selection
	return (s.Only == "" || from == s.Only) && c.seen+1 >= s.From && (s.Count == 0 || c.taken < s.Count)
}

func (c *cutter) message(e *item, frame []part) {
	ev := &e.event
	taken := c.reached(ev.From)
	if c.selection.Only == "" || ev.From == c.selection.Only {
		c.seen++
	}
	if !taken {
		e.dropped = true
		c.cut = c.taken > 0
		return
	}
	c.taken++
	d := c.direction(ev.Conn, ev.From)
	d.seq++
	d.names[ev.Seq] = d.seq
	ev.Seq = d.seq
	ev.Offset = d.offset
	d.offset += int64(ev.Head) + int64(ev.Body) + int64(ev.Tail)
	if ev.Answers != 0 {
		ev.Answers = c.direction(ev.Conn, other(ev.From)).names[ev.Answers]
	}
	keep(frame)
}

func (c *cutter) loose(parts []part) {
	if len(parts) > 0 && c.reached(parts[0].item.event.From) {
		keep(parts)
	}
}

func (c *cutter) other(e *item) {
	ev := &e.event
	switch ev.Kind {
	case session.Broken, session.Lost:
		if !c.reached(ev.From) {
			e.dropped = true
			return
		}
		d := c.direction(ev.Conn, ev.From)
		ev.At += d.offset - ev.Offset
		ev.Offset = d.offset
		if ev.Kind == session.Lost {
			d.offset += int64(ev.N)
		}
	case session.Close:
		e.dropped = c.cut && c.selection.Only == "" // it did not end there
	}
}

func (c *cutter) release(e *item) {
	if e.open { // it is too old to wait for its message
		e.bare, e.dropped = false, !c.selection.whole()
		return
	}
	var data []byte
	n := 0
	for _, s := range e.kept {
		n += s.to - s.from
		if len(e.event.Data) == e.event.N {
			data = append(data, e.event.Data[s.from:s.to]...)
		}
	}
	e.event.N, e.event.Data = n, data
	e.dropped = n == 0
}

func keep(parts []part) {
	for _, p := range parts {
		p.item.kept = append(p.item.kept, p.span)
	}
}

func other(s session.Side) session.Side {
	if s == session.Server {
		return session.Client
	}
	return session.Server
}
