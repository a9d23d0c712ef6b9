package tap

import (
	"bytes"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// autoMost is how many bytes of a direction are kept to decide about its framing.
const autoMost = 64 << 10

// An undecided keeps what has happened until the framing is known.
type undecided struct {
	entries []entry
	data    [][]byte // of the entries
	sent    [2][]byte
	decider detect.Decider
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
	f, ok := u.framing(total, final)
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

// framing returns the framing of what was sent if it can be decided.
func (u *undecided) framing(total int, final bool) (framing.Framing, bool) {
	answer, _ := u.decider.Decide(total, final, func() []detect.Stream {
		return []detect.Stream{
			{Data: u.sent[fromClient], From: detect.Client, Conn: 1},
			{Data: u.sent[fromServer], From: detect.Server, Conn: 1},
		}
	})
	if !answer.Decided {
		return framing.Framing{}, false
	}
	f, err := framing.Parse(answer.Candidates[0].Framing)
	return f, err == nil
}
