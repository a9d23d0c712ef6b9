package frame

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"testing"
)

// sized frames bytes by four bytes of length.
type sized struct{}

func (sized) Scan(buf []byte, _ *State) (Span, int, error) {
	if len(buf) < 4 {
		return Span{}, 4 - len(buf), nil
	}
	sp := Span{Head: 4, Body: int(binary.BigEndian.Uint32(buf) & 0x3fffffff)}
	return sp, max(0, sp.Len()-len(buf)), nil
}

func (sized) AppendFrame(dst, msg []byte) ([]byte, error) {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(msg))), msg...), nil
}

func sizedFrame(n int) []byte {
	f, _ := sized{}.AppendFrame(nil, make([]byte, n))
	return f
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestClaimIsNotBelieved(t *testing.T) {
	in := append(binary.BigEndian.AppendUint32(nil, 999_999_999), "only this"...)
	if n := allocated(func() { NewReader(bytes.NewReader(in), sized{}, 1<<30).Next() }); n > 16<<10 {
		t.Errorf("a claim of 999999999 bytes cost %d", n)
	}
}

// At every moment the buffer is at most twice what has arrived, and 4 KiB.
func TestBufferGrowsWithWhatArrives(t *testing.T) {
	for _, body := range []int{10, 5_000, 300_000, 3_000_000} {
		for _, piece := range []int{1448, 100_000, 1 << 30} {
			src := &counting{in: bytes.NewReader(bytes.Repeat(sizedFrame(body), 3)), piece: piece}
			r := NewReader(src, sized{}, 1<<30)
			src.before = func() {
				if len(r.buf) > 2*src.n+bufferStart {
					t.Errorf("%d bytes have arrived, the buffer has %d", src.n, len(r.buf))
				}
			}
			frames := 0
			for f, err := range r.Frames() {
				if err != nil || f.Span.Body != body {
					t.Fatalf("got %+v, %v", f.Span, err)
				}
				frames++
			}
			if frames != 3 {
				t.Errorf("bodies of %d bytes in pieces of %d: %d frames, want 3", body, piece, frames)
			}
		}
	}
}

// A counting reader gives pieces and knows how many bytes it gave.
type counting struct {
	in     io.Reader
	piece  int
	n      int
	before func()
}

func (c *counting) Read(p []byte) (int, error) {
	c.before()
	n, err := c.in.Read(p[:min(len(p), c.piece)])
	c.n += n
	return n, err
}

// A frame whose length is known gets a buffer of its size, not of the next power
// of two.
func TestBufferFitsLargeFrame(t *testing.T) {
	const body = 5 << 20
	r := NewReader(bytes.NewReader(sizedFrame(body)), sized{}, 1<<30)
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if len(r.buf) > body+bufferMost {
		t.Errorf("a frame of %d bytes has a buffer of %d", body, len(r.buf))
	}
}

func TestBufferShrinksAfterBurst(t *testing.T) {
	small := sizedFrame(10)
	in := sizedFrame(4 << 20)
	for range 8 * sparseReads {
		in = append(in, small...)
	}
	r := NewReader(&byFrame{in: in}, sized{}, 1<<30)
	most := 0
	for _, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(r.buf))
	}
	if most < 4<<20 || len(r.buf) != bufferStart {
		t.Errorf("the buffer grew to %d and came back to %d bytes, want %d", most, len(r.buf), bufferStart)
	}
}

// reversed is sized whose bodies are the messages from behind.
type reversed struct{ sized }

func (reversed) AppendMessage(dst, raw []byte, sp Span) []byte {
	for i := sp.Head + sp.Body; i > sp.Head; i-- {
		dst = append(dst, raw[i-1])
	}
	return dst
}

// What a large message was unescaped in is given up with the buffer.
func TestMessageShrinksAfterBurst(t *testing.T) {
	in := append(sizedFrame(4<<20), bytes.Repeat(sizedFrame(10), 8*sparseReads)...)
	r := NewReader(&byFrame{in: in}, reversed{}, 1<<30)
	most := 0
	for {
		msg, err := r.NextMessage()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(msg))
	}
	if most != 4<<20 || cap(r.message) > bufferStart {
		t.Errorf("the largest message had %d bytes; %d are kept", most, cap(r.message))
	}
}

// byFrame gives no more than one frame a read.
type byFrame struct {
	in   []byte
	left int
}

func (b *byFrame) Read(p []byte) (int, error) {
	if len(b.in) == 0 {
		return 0, io.EOF
	}
	if b.left == 0 {
		sp, _, _ := sized{}.Scan(b.in, &State{})
		b.left = sp.Len()
	}
	n := copy(p, b.in[:b.left])
	b.in, b.left = b.in[n:], b.left-n
	return n, nil
}

// A buffer that keeps being filled is as large as reading fast needs.
func TestBufferGrowsForFlood(t *testing.T) {
	in := bytes.Repeat(sizedFrame(100), 20_000)
	r := NewReader(bytes.NewReader(in), sized{}, 1<<30)
	for _, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(r.buf) != bufferMost {
		t.Errorf("after %d bytes of small frames the buffer has %d bytes, want %d", len(in), len(r.buf), bufferMost)
	}
}

func TestIdleReadersAreCheap(t *testing.T) {
	const readers = 10_000
	all := make([]*Reader, readers)
	n := allocated(func() {
		for i := range all {
			all[i] = NewReader(bytes.NewReader(sizedFrame(2)), sized{}, 1<<30)
			all[i].Next()
		}
	})
	if most := uint64(readers * (bufferStart + 1<<10)); n > most {
		t.Errorf("%d readers that have read a frame cost %d bytes, more than %d", readers, n, most)
	}
}

// Reading costs no allocation once the buffer is there.
func TestNextDoesNotAllocate(t *testing.T) {
	r := NewReader(&endless{frame: sizedFrame(1000)}, sized{}, 1<<30)
	next := func() {
		f, err := r.Next()
		if err != nil || len(r.Message(f)) != 1000 {
			t.Fatal(err)
		}
	}
	for range 2000 { // until the buffer has its size
		next()
	}
	if n := testing.AllocsPerRun(1000, next); n != 0 {
		t.Errorf("Next allocates %v times", n)
	}
}

// An endless reader repeats a frame.
type endless struct {
	frame []byte
	pos   int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], e.frame[e.pos:])
		n += c
		e.pos = (e.pos + c) % len(e.frame)
	}
	return n, nil
}
