package detect_test

import (
	"strings"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// A frame with many bare line ends is looked at again behind each that is mended, and
// that only as often as there is time for.
func TestExplainMendsWithinBounds(t *testing.T) {
	const most = 64 // bytes of heads and values examined for each of the stream
	f, err := framing.Parse("resp")
	if err != nil {
		t.Fatal(err)
	}
	examined := 0
	f.Either.Codec = headCounter{f.Either.Codec, &examined}
	frames := strings.Repeat("*200\n"+strings.Repeat(":1\n", 200), 2000)
	d := detect.Explain(f, detect.Stream{Data: []byte(frames), Ended: true})
	if examined > most*len(frames) {
		t.Errorf("%d bytes examined in %d", examined, len(frames))
	}
	if d.Best().Cause != "line-ending" {
		t.Errorf("cause %s, want line-ending", d.Best().Cause)
	}
}
