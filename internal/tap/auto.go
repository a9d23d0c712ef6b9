package tap

import (
	"bytes"

	"github.com/chancat/channel/session"
)

// autoMost is how many bytes of a direction are kept to decide about its framing.
const autoMost = 64 << 10

// An undecided keeps what has happened until the framing is known.
type undecided struct {
	entries []entry
	data    [][]byte // of the entries
	sent    [2][]byte
	next    int // bytes at which to ask again
}

// decide keeps e. Once the framing is known, what was kept is decoded.
func (d *decoder) decide(e *entry, data []byte) {
	u := d.auto
	kept := *e
	kept.b = nil // the bytes are copied
	u.entries, u.data = append(u.entries, kept), append(u.data, bytes.Clone(data))
	if e.kind == bytesRead {
		u.sent[e.side] = append(u.sent[e.side], data...)
	}
	total := len(u.sent[fromClient]) + len(u.sent[fromServer])
	final := e.kind == streamEnded || e.kind == bytesLost || total >= autoMost
	if !final && (e.kind != bytesRead || total < u.next) {
		return
	}
	u.next = total + total/4
	f, ok := d.t.o.Decide(u.sent[fromClient], u.sent[fromServer], final)
	if !ok && !final {
		return
	}
	d.auto = nil
	d.frameAs(f)
	for _, s := range d.streams {
		s.deaf = !ok
	}
	for i := range u.entries {
		if ev := u.entries[i].ev; ok && ev != nil && ev.Kind == session.Open {
			ev.Framing = f.Spelling
		}
		d.apply(&u.entries[i], u.data[i])
		if i == 0 && ok {
			d.note(fromClient, e.at, "the framing is "+f.Spelling)
		} else if i == 0 {
			d.note(fromClient, e.at, "cannot decide what the framing is; give it with -f")
		}
	}
}
