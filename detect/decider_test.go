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
		a, ok := d.Decide(i+1, false, func() []detect.Stream {
			return []detect.Stream{{Data: []byte(said[:i+1]), From: detect.Server, Conn: 1}}
		})
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
}

// TestDeciderFinal asks about what there is when nothing more comes.
func TestDeciderFinal(t *testing.T) {
	var d detect.Decider
	d.Await(1 << 20)
	streams := func() []detect.Stream { return []detect.Stream{{Data: []byte("one\ntwo\n"), Ended: true}} }
	if _, asked := d.Decide(8, false, streams); asked {
		t.Error("asked before as much was there as is awaited")
	}
	if a, asked := d.Decide(8, true, streams); !asked || !a.Decided {
		t.Errorf("asked %v: %+v", asked, a)
	}
}
