package repl

import (
	"strings"
	"testing"

	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestRing(t *testing.T) {
	var r ring
	for range ringCount + 5 {
		r.add(&message{})
	}
	if _, err := r.get(5); err == nil || !strings.Contains(err.Error(), "no longer kept; there are 6 to 10005") {
		t.Errorf("%v", err)
	}
	if m, err := r.get(6); err != nil || m.number != 6 {
		t.Errorf("%v, %v", m, err)
	}
	if len(r.kept) != ringCount {
		t.Errorf("%d are kept", len(r.kept))
	}
	half := make([]byte, ringBytes/2)
	for range 3 {
		r.add(&message{raw: half, body: half, span: wire.Span{Body: len(half)}})
	}
	if len(r.kept) != 2 || r.bytes != ringBytes {
		t.Errorf("%d messages, %d bytes are kept", len(r.kept), r.bytes)
	}
	r.add(&message{raw: make([]byte, ringBytes+1)})
	if _, err := r.get(r.next); err == nil || r.bytes != 0 {
		t.Errorf("%v, %d bytes", err, r.bytes)
	}
}

// The history is bounded, and begins at a frame.
func TestInboundHistory(t *testing.T) {
	f, err := framing.Parse("line")
	if err != nil {
		t.Fatal(err)
	}
	in := newInbound(f.S2C)
	line := []byte(strings.Repeat("x", 999) + "\n")
	frames := 0
	count := func(wire.Frame, []byte) { frames++ }
	const total = 12_000
	for range total {
		if err := in.feed(line, false, count); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(in.history); n > receivedMost*3/2 || n < receivedMost/2 || in.start%1000 != 0 || in.start+int64(n) != total*1000 {
		t.Errorf("%d bytes from %d", n, in.start)
	}
	if len(in.boundaries) > receivedMost*2/boundaryStep {
		t.Errorf("%d boundaries", len(in.boundaries))
	}
	frames = 0
	kept := len(in.history) / 1000
	first := int64(-1)
	if err := in.again(f.S2C, func(f wire.Frame, _ []byte) {
		if first < 0 {
			first = f.Offset
		}
		frames++
	}); err != nil || frames != kept || first != in.start {
		t.Errorf("%v, %d frames of %d, the first at %d", err, frames, kept, first)
	}
}

// The opening of a stream is looked for at its start only, not where the history
// was cut.
func TestInboundOpening(t *testing.T) {
	f, err := framing.Parse("postgres")
	if err != nil {
		t.Fatal(err)
	}
	in := newInbound(f.C2S)
	nothing := func(wire.Frame, []byte) {}
	feed := func(p string) {
		t.Helper()
		if err := in.feed([]byte(p), false, nothing); err != nil {
			t.Fatal(err)
		}
	}
	feed("\x00\x00\x00\x09\x00\x03\x00\x00\x00")
	query := "Q\x00\x00\x03\xe8" + strings.Repeat("x", 995) + "\x00" // 1001 bytes
	for in.start == 0 {
		feed(query)
	}
	if err := in.again(f.C2S, func(f wire.Frame, _ []byte) {
		if (f.Offset-9)%1001 != 0 || f.Span.Head != 5 {
			t.Fatalf("%+v", f.Span)
		}
	}); err != nil {
		t.Error(err)
	}
	if in.seeking || len(in.undecoded()) > 0 {
		t.Errorf("seeking: %v, %d bytes are left", in.seeking, len(in.undecoded()))
	}
}
