package detect_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A headCounter counts the bytes of heads that Scan examines.
type headCounter struct {
	frame.Codec
	bytes *int
}

func (c headCounter) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.Codec.Scan(buf, st)
	*c.bytes += max(sp.Head, st.Pos)
	if e, ok := errors.AsType[*frame.Error](err); ok {
		*c.bytes += int(e.Offset)
	}
	return sp, need, err
}

// Of heads that begin in the middle of one another and do not end, not each is looked at
// as far as heads go.
func TestExplainHeadsInHeads(t *testing.T) {
	const (
		size = 128 << 10
		most = 128 // bytes of heads examined for each of the stream
	)
	for spelling, unit := range map[string]string{"chunked": "0;0", "stomp": "SEND\na:", "lsp": "Content-A: b\r\n"} {
		f, err := framing.Parse(spelling)
		if err != nil {
			t.Fatal(err)
		}
		examined := 0
		f.Either.Codec = headCounter{f.Either.Codec, &examined}
		data := []byte(strings.Repeat(unit, size/len(unit)))
		detect.Explain(f, detect.Stream{Data: data, Ended: true})
		if examined > most*len(data) {
			t.Errorf("%s: %d bytes of heads examined in %d", spelling, examined, len(data))
		}
	}
}
