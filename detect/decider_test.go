package detect_test

import (
	"testing"

	"github.com/chancat/channel/detect"
)

// TestDecider hands over a dialogue byte by byte.
func TestDecider(t *testing.T) {
	var d detect.Decider
	said := "\x00\x00\x00\x05hello\x00\x00\x00\x0cwho is there\x00\x00\x00\x01x\x00\x00\x00\x03yes"
	asked, decided := 0, 0
	for i := range len(said) {
		d.Add(1, detect.Server, []byte{said[i]})
		a, ok := d.Decide()
		if !ok {
			continue
		}
		asked++
		if a.Decided {
			decided++
			if got := a.Candidates[0].Framing; got != "u32be" {
				t.Errorf("after %d bytes: %s", i+1, got)
			}
		}
	}
	if decided == 0 || asked > len(said)/2 {
		t.Errorf("asked %d times, decided %d times", asked, decided)
	}
	if got := d.Streams()[0].Data; string(got) != said {
		t.Errorf("held %q", got)
	}
}
