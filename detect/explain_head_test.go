package detect_test

import (
	"encoding/binary"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// A length that should count its head and does not is that, also where it is too
// small to be the length of a head.
func TestExplainHeadNotCounted(t *testing.T) {
	f, err := framing.Parse("u32be,incl")
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	for _, m := range []string{"one", "three", "fourteen", "and something longer still", "y"} {
		data = append(binary.BigEndian.AppendUint32(data, uint32(len(m))), m...)
	}
	d := detect.ExplainFrom(f, detect.Stream{Data: data, Ended: true}, detect.Place{})
	if x := d.Best(); x.Cause != detect.CauseHeaderNotCounted || x.Then != 5 {
		t.Errorf("got %s, then %d: %q", x.Cause, x.Then, x.Detail)
	}
}
