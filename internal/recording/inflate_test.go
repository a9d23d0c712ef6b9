package recording

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// Every compressed message of real WebSockets is inflated, and no other. Where bytes
// are lost, what refers to them is not, and nothing is shown wrong.
func TestInflated(t *testing.T) {
	names, _ := filepath.Glob("../../testdata/recordings/websocket/*.jsonl")
	ws, err := framing.Parse("ws")
	if err != nil || len(names) == 0 {
		t.Fatal(err, names)
	}
	inflated := 0
	for _, name := range names {
		whole := texts(t, name, ws, 0)
		for at, text := range whole {
			if first := text[0]; first&0xc0 == 0xc0 && first&0x0f < 3 && !strings.HasPrefix(text[1:], "+") {
				t.Errorf("%s: at %v: not inflated", filepath.Base(name), at)
			} else if strings.HasPrefix(text[1:], "+") {
				inflated++
			}
		}
		for lost := 3; lost < 20; lost++ {
			for at, text := range texts(t, name, ws, lost) {
				if text[1:] != "-" && text != whole[at] {
					t.Errorf("%s: without read %d: at %v: got %.60q, want %.60q", filepath.Base(name), lost, at, text, whole[at])
				}
			}
		}
	}
	if inflated < 20 {
		t.Errorf("only %d messages were compressed", inflated)
	}
}

// Behind a broken frame nothing is kept, however long the recording goes on.
func TestInflatedBehindBroken(t *testing.T) {
	i := inflater{spelling: "ws", sides: map[direction]*deflated{}}
	i.event(&session.Event{Kind: session.Session})
	for range 100 {
		i.event(&session.Event{Kind: session.Read, Conn: 1, From: session.Client, N: 4, Data: []byte("\xff\xff\xff\xff")})
	}
	if rest := i.side(&session.Event{Conn: 1, From: session.Client}).decoder.TakeRest(); len(rest) > 0 {
		t.Errorf("%d bytes are kept", len(rest))
	}
}

type place struct {
	direction
	offset int64
}

// texts are the messages of a recording without one of its reads: the first byte of
// the frame, and "+" with what Plain says, or "-".
func texts(t *testing.T, name string, f framing.Framing, lost int) map[place]string {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	streams := map[direction][]byte{}
	offsets := map[direction]int64{}
	reads := func(yield func(*session.Event, error) bool) {
		n := 0
		for ev, err := range session.NewReader(file, 0).Events() {
			if err == nil && ev.Kind == session.Read {
				d := direction{ev.Conn, ev.From}
				streams[d] = append(streams[d], ev.Data...)
				if n++; n == lost {
					ev = session.Event{Kind: session.Lost, Conn: ev.Conn, From: ev.From, Offset: offsets[d], N: ev.N}
				}
				offsets[d] += int64(ev.N)
			}
			if !yield(&ev, err) {
				return
			}
		}
	}
	found := map[place]string{}
	for ev, err := range Inflated(Decode(reads, f), "") {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind == session.Message {
			d := direction{ev.Conn, ev.From}
			text := string(streams[d][ev.Offset : ev.Offset+1])
			if ev.Plain != nil {
				text += "+" + string(ev.Plain)
			} else {
				text += "-"
			}
			found[place{d, ev.Offset}] = text
		}
	}
	return found
}
