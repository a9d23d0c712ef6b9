package framing_test

import (
	"os"
	"testing"

	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
)

func vectors(t *testing.T) []frametest.Vector {
	t.Helper()
	all, err := frametest.ReadVectors(os.DirFS("testdata/vectors"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// direction returns the codec and the limit that v is about.
func direction(t *testing.T, v frametest.Vector) framing.Direction {
	t.Helper()
	f, err := framing.Parse(v.Framing)
	if err != nil {
		t.Fatalf("%s: %v", v.File, err)
	}
	d := f.C2S
	if v.Server {
		d = f.S2C
	}
	if v.Max != frametest.NoMax {
		d.Max = v.Max
	}
	return d
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Framing+"/"+v.Name, func(t *testing.T) {
			d := direction(t, v)
			v.Check(t, d.Codec, d.Max)
			frametest.Prefix(t, d.Codec, v.Input)
			frametest.Chunking(t, d.Codec, v.Input)
			frametest.Memory(t, d.Codec, v.Input)
			frametest.Resync(t, d.Codec, v.Input)
		})
	}
}

// What a canonical codec reads without an error, it writes.
func TestVectorsEncode(t *testing.T) {
	type side struct {
		spelling string
		server   bool
	}
	canonical := map[side]bool{}
	for _, s := range framing.All() {
		canonical[side{s.Spelling, s.Side == "server"}] = s.Canonical
		if s.Server == nil {
			canonical[side{s.Spelling, true}] = s.Canonical
		}
	}
	for _, v := range vectors(t) {
		if v.Want.Error != nil || !canonical[side{v.Framing, v.Server}] {
			continue
		}
		d := direction(t, v)
		var got []byte
		for _, f := range v.Want.Frames {
			var err error
			if got, err = d.Codec.AppendFrame(got, []byte(f.Message)); err != nil {
				t.Errorf("%s: %s: %v", v.File, v.Name, err)
			}
		}
		if string(got) != string(v.Input) {
			t.Errorf("%s: %s: encoded %q, want %q", v.File, v.Name, got, v.Input)
		}
	}
}
