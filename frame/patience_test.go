package frame_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/chancat/channel/frame"
)

// A countingCodec counts the calls of Scan.
type countingCodec struct {
	frame.Codec
	calls *int
}

func (c countingCodec) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	*c.calls++
	return c.Codec.Scan(buf, st)
}

// Heads that claim much before every few frames are not each waited for to their ends:
// what is behind them would be looked at again behind each.
func TestResyncOfManyHeadsThatClaimMuch(t *testing.T) {
	const most = 16 // calls for each byte
	codec := codecOf(t, "amqp")
	unit := []byte{3, 0, 1, 0}
	for _, msg := range []string{"hello", "a", "two words and some more text", "\x00\x01\x02"} {
		var err error
		if unit, err = codec.AppendFrame(unit, []byte(msg)); err != nil {
			t.Fatal(err)
		}
	}
	stream := bytes.Repeat(unit, 100_000/len(unit)+1)[:100_000] // ends inside a frame
	calls, frames := 0, 0
	r := frame.NewReader(bytes.NewReader(stream), countingCodec{codec, &calls}, 16<<20)
	for {
		_, err := r.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			frames++
		} else if _, err := r.Resync(); err != nil {
			break
		}
		if calls > most*len(stream) {
			t.Fatalf("more than %d calls of Scan for %d bytes, at byte %d", calls, len(stream), r.Offset())
		}
	}
	if least := len(stream) / len(unit) / 2; frames < least {
		t.Errorf("%d frames, want %d at least", frames, least)
	}
}
