package frame_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// oddities is a stream with garbage between good frames.
const oddities = "\r\nMSG 1\r\na" + "garbage\r\nMS" + "\r\nMSG 1\r\nb" + "\r\nMSG 1\r\nc"

func TestResync(t *testing.T) {
	for name, src := range ways(oddities) {
		r := frame.NewReader(src, framing.MSG, 100)
		next(t, r, "a")
		err := broken(t, r)
		if err.Start != 10 || err.Offset != 10 {
			t.Errorf("%s: got %v, want the garbage at byte 10", name, err)
		}
		if n, err := r.Resync(); n != 11 || err != nil {
			t.Errorf("%s: Resync = %d, %v; want the 11 bytes of garbage", name, n, err)
		}
		if f := next(t, r, "b"); f.Offset != 21 {
			t.Errorf("%s: the frame behind the garbage is at %d, want 21", name, f.Offset)
		}
		if n, err := r.Resync(); n != 0 || err != nil {
			t.Errorf("%s: Resync without a broken frame = %d, %v; want nothing", name, n, err)
		}
		next(t, r, "c")
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%s: got %v, want io.EOF", name, err)
		}
	}
}

func TestResyncFindsNothing(t *testing.T) {
	for name, src := range ways("no frame at all") {
		r := frame.NewReader(src, framing.MSG, 100)
		broken(t, r)
		if n, err := r.Resync(); n != 15 || err != io.EOF {
			t.Errorf("%s: Resync = %d, %v; want all 15 bytes and io.EOF", name, n, err)
		}
		if _, err := r.Next(); err != io.EOF || r.Offset() != 15 {
			t.Errorf("%s: then Next at byte %d: %v; want io.EOF at 15", name, r.Offset(), err)
		}
	}
}

// A frame that the end of the stream cuts off is a finding too.
func TestResyncToTruncatedFrame(t *testing.T) {
	for name, src := range ways("xx\r\nMSG 9\r\nbody") {
		r := frame.NewReader(src, framing.MSG, 100)
		broken(t, r)
		if n, err := r.Resync(); n != 2 || err != nil {
			t.Errorf("%s: Resync = %d, %v; want the 2 bytes before the frame", name, n, err)
		}
		if err := broken(t, r); err.Start != 2 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v, want the truncated frame at byte 2", name, err)
		}
	}
}

func TestResyncGoesOnAfterTimeout(t *testing.T) {
	// The second read fails, in the middle of the mark.
	src := iotest.TimeoutReader(io.MultiReader(strings.NewReader("x\r\nM"), strings.NewReader("SG 1\r\na")))
	r := frame.NewReader(src, framing.MSG, 100)
	first := broken(t, r)
	n, err := r.Resync()
	if n != 1 || err != iotest.ErrTimeout {
		t.Fatalf("Resync = %d, %v; want the x dropped and the timeout", n, err)
	}
	if _, err := r.Next(); err != error(first) {
		t.Errorf("Next while the place is unknown: got %v, want %v", err, first)
	}
	if n, err = r.Resync(); n != 0 || err != nil {
		t.Errorf("Resync after the timeout = %d, %v; want nothing more dropped", n, err)
	}
	next(t, r, "a")
}

func TestResyncPassesFramesOverTheLimit(t *testing.T) {
	for name, src := range ways("x\r\nMSG 500\r\n\r\nMSG 1\r\na") {
		r := frame.NewReader(src, framing.MSG, 100)
		broken(t, r)
		if n, err := r.Resync(); n != 12 || err != nil {
			t.Errorf("%s: Resync = %d, %v; want 12 bytes up to the frame within the limit", name, n, err)
		}
		next(t, r, "a")
	}
}

func TestResyncToLargeFrame(t *testing.T) {
	body := strings.Repeat("\r\n", 100_000)
	for name, src := range ways("x\r\nMSG 200000\r\n" + body) {
		r := frame.NewReader(src, framing.MSG, 1<<20)
		broken(t, r)
		if n, err := r.Resync(); n != 1 || err != nil {
			t.Errorf("%s: Resync = %d, %v; want the frame found at its first byte", name, n, err)
		}
		next(t, r, body)
	}
}

// Without a Resyncer a place is found by what stands there.
func TestResyncByTrying(t *testing.T) {
	for name, src := range ways("a!b?cd!e!") {
		r := frame.NewReader(src, exclaim{}, 100)
		next(t, r, "a")
		if err := broken(t, r); err.Start != 2 || err.Offset != 3 {
			t.Errorf("%s: got %v, want the frame at 2 broken at 3", name, err)
		}
		if n, err := r.Resync(); n != 2 || err != nil {
			t.Errorf("%s: Resync = %d, %v; want 2 bytes dropped", name, n, err)
		}
		next(t, r, "cd")
		next(t, r, "e")
	}
}

// hungry is a codec that finds out late that nothing is a frame: what it looks at
// is counted.
type hungry struct{ looked *int }

func (h hungry) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	const late = 50_000
	*h.looked += min(len(buf), late)
	if len(buf) > late {
		return frame.Span{}, 0, frame.Malformed(late, "too deep")
	}
	return frame.Span{}, 1, nil
}

func (hungry) AppendFrame(dst, _ []byte) ([]byte, error) { return dst, nil }

// Looking for a start takes linear time in any stream.
func TestResyncIsLinear(t *testing.T) {
	looked := 0
	const size = 1 << 20
	r := frame.NewReader(bytes.NewReader(make([]byte, size)), hungry{&looked}, 1<<30)
	for {
		if _, err := r.Next(); err == io.EOF {
			break
		}
		if _, err := r.Resync(); err == io.EOF {
			break
		}
	}
	if looked > 300*size {
		t.Errorf("%d bytes were looked at for a stream of %d", looked, size)
	}
}
