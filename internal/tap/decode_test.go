package tap

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/session"
)

// Whatever both sides send, in whatever reads, copied or shared: up to the first
// broken frame the tap tells of the messages that a Reader finds in the stream.
func FuzzDecode(f *testing.F) {
	spellings := []string{"msg", "u32be", "line", "resp", "postgres", "mysql", "json", "ws", "slip", "tls"}
	f.Add([]byte("\r\nMSG 2\r\nhi\r\nMSG 0\r\n\r\nMSG x"), []byte("\r\nMSG 1\r\n!"), uint8(0), uint64(1))
	f.Add([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"), []byte("S\x16\x03\x01\x00\x01x"), uint8(4), uint64(2))
	f.Add([]byte("{}[1][2"), []byte(`{"id":1}`), uint8(6), uint64(3))
	f.Fuzz(func(t *testing.T, client, server []byte, which uint8, seed uint64) {
		framing := parse(spellings[int(which)%len(spellings)])
		var told [2][]string
		tap := &tapped{o: Options{Framing: framing, Wraps: seed%2 == 0, Observe: func(e *session.Event) {
			side := slices.Index(sides[:], e.From)
			switch e.Kind {
			case session.Message:
				told[side] = append(told[side], fmt.Sprintf("%d %q", e.Offset, e.Data))
			case session.Broken, session.Note: // another framing may follow
				told[side] = append(told[side], "")
			}
		}}}
		d := newDecoder(tap)
		for _, s := range d.streams {
			s.explained = explainedMost // which takes long, and has a test of its own
		}
		rnd := rand.New(rand.NewPCG(seed, 0))
		streams := [2][]byte{client, server}
		blocks := [2]*block{newBlock(smallBlock), newBlock(smallBlock)}
		for len(streams[0])+len(streams[1]) > 0 {
			side := rnd.IntN(2)
			data := streams[side][:min(len(streams[side]), 1+rnd.IntN(20))]
			streams[side] = streams[side][len(data):]
			e := entry{kind: bytesRead, side: side, at: time.Unix(1, 0), n: len(data)}
			if b := blocks[side]; rnd.IntN(2) == 0 && len(b.free()) >= len(data) {
				b.retain()
				e.b, e.shared = b, b.free()[:copy(b.free(), data)]
				b.used += len(data)
				data = nil
			}
			d.take([]entry{e}, bytes.Clone(data))
			if rnd.IntN(10) == 0 {
				d.settle()
			}
		}
		for side := range sides {
			d.take([]entry{{kind: streamEnded, side: side, ev: &session.Event{Kind: session.Close, Reason: "eof"}}}, nil)
		}
		directions := [2]frame.Codec{framing.C2S.Codec, framing.S2C.Codec}
		for side, stream := range [2][]byte{client, server} {
			var want []string
			r := frame.NewReader(bytes.NewReader(stream), directions[side], framing.C2S.Max)
			for f, err := range r.Frames() {
				if err == nil {
					want = append(want, fmt.Sprintf("%d %q", f.Offset, r.Message(f)))
				}
			}
			got := told[side]
			if i := slices.Index(got, ""); i >= 0 {
				got, want = got[:i], want[:min(i, len(want))]
			}
			if framing.Spelling != "postgres" && framing.Spelling != "mysql" && !slices.Equal(got, want) {
				t.Errorf("%s, from the %s: told %q, want %q", framing.Spelling, sides[side], got, want)
			}
		}
	})
}
