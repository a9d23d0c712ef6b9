package frame_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func codecOf(t *testing.T, spelling string) frame.Codec {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	return f.S2C.Codec
}

// random returns n bytes that are the same in every run.
func random(n int) []byte {
	b := make([]byte, n)
	src := rand.NewPCG(1, 2)
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], src.Uint64())
	}
	return b
}

// Frames beyond the window in which a start is tried are found behind a broken one,
// whatever they hold.
func TestResyncToFramesOfAnySize(t *testing.T) {
	for _, spelling := range []string{"msg", "u32be", "u32be,incl", "u32be,tail=crc32", "lsp", "resp", "netstring", "ws", "bgpy"} {
		c := codecOf(t, spelling)
		for _, size := range []int{100 << 10, 5 << 20} {
			for _, holds := range []string{"zeros", "noise", "text"} {
				if size > 1<<20 && (holds != "noise" || spelling == "ws" || spelling == "bgpy" || spelling == "netstring") {
					continue // the large ones take their time
				}
				body := make([]byte, size)
				switch holds {
				case "noise":
					copy(body, random(size))
				case "text":
					copy(body, bytes.Repeat([]byte("all work and no play\r\n"), size/22))
				}
				if spelling == "bgpy" {
					body = bytes.Repeat([]byte("QUJD"), size/4)
				}
				var stream []byte
				var starts []int64
				for range 2 {
					if len(starts) == 0 {
						stream = append(stream, bytes.Repeat([]byte{0xff}, 32)...)
					}
					starts = append(starts, int64(len(stream)))
					raw, err := c.AppendFrame(nil, body)
					if spelling == "resp" {
						raw, err = []byte(fmt.Sprintf("$%d\r\n%s\r\n", len(body), body)), nil
					}
					if err != nil {
						t.Fatal(err)
					}
					stream = append(stream, raw...)
				}
				name := fmt.Sprintf("%s, %d bytes of %s", spelling, size, holds)
				r := frame.NewReader(bytes.NewReader(stream), c, framing.DefaultMax)
				if _, err := r.Next(); err == nil {
					t.Fatalf("%s: the first bytes are no broken frame", name)
				}
				n, err := r.Resync()
				if n != starts[0] || err != nil {
					t.Errorf("%s: Resync = %d, %v; want %d", name, n, err, starts[0])
					continue
				}
				for _, start := range starts {
					f, err := r.Next()
					if err != nil || f.Offset != start || f.Span.Body < size/4*4 {
						t.Errorf("%s: got a frame at %d with %d bytes, %v; want one at %d", name, f.Offset, f.Span.Body, err, start)
					}
				}
			}
		}
	}
}

// A place that waits for its end does not hold up frames that follow one another.
func TestResyncPrefersFramesThatAreThere(t *testing.T) {
	stream := []byte{0xff, 0, 0x50, 0, 0} // broken, and at byte 1 a head that claims 5 MiB
	start := int64(len(stream))
	for i := range 5 {
		stream = append(stream, 0, 0, 0, 9)
		stream = append(stream, fmt.Sprintf("message %d", i)...)
	}
	for name, src := range ways(string(stream)) {
		r := frame.NewReader(src, codecOf(t, "u32be"), framing.DefaultMax)
		broken(t, r)
		if n, err := r.Resync(); n != start || err != nil {
			t.Errorf("%s: Resync = %d, %v; want %d", name, n, err, start)
		}
		for i := range 5 {
			next(t, r, fmt.Sprintf("message %d", i))
		}
	}
}

// The same frames arrive over a source that stops with an error now and then.
func TestResyncToLargeFrameGoesOnAfterTimeout(t *testing.T) {
	body := string(random(200 << 10))
	stream := "\xff\xff\xff\xff\xff" + "\x00\x03\x20\x00" + body + "\x00\x00\x00\x01x"
	r := frame.NewReader(iotest.TimeoutReader(iotest.HalfReader(bytes.NewReader([]byte(stream)))), codecOf(t, "u32be"), framing.DefaultMax)
	skipped := int64(0)
	for range 2 {
		if _, err := r.Next(); err == nil {
			t.Fatal("the first bytes are no broken frame")
		}
		n, err := r.Resync()
		skipped += n
		if err == nil {
			break
		}
	}
	if skipped != 5 {
		t.Errorf("%d bytes were passed over, want 5", skipped)
	}
	next(t, r, body)
	next(t, r, "x")
}

// counting counts the bytes that its codec looks at: a head, and of a whole frame all
// where there is a checksum.
type counting struct {
	frame.Codec
	sums   bool
	looked *int
}

func (c counting) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.Codec.Scan(buf, st)
	*c.looked += 8
	if c.sums && need == 0 {
		*c.looked += sp.Len()
	}
	return sp, need, err
}

// Streams in which nearly every place could start a large frame take linear time too.
func TestResyncIsLinearWhereMuchIsPlausible(t *testing.T) {
	const size = 256 << 10
	streams := map[string][]byte{
		"noise": random(size),
		"heads": bytes.Repeat([]byte{0xff, 0x00, 0x20, 0x00, 0x00}, size/5),
		"zeros": append([]byte{0xff, 0xff, 0xff}, make([]byte, size)...),
		"steps": bytes.Repeat([]byte{0x00, 0x02, 0x00}, size/3),
	}
	for name, stream := range streams {
		for _, spelling := range []string{"u32be", "u24be", "u32be,tail=crc32", "u16be,tail=crc16"} {
			looked := 0
			r := frame.NewReader(bytes.NewReader(stream), counting{codecOf(t, spelling), strings.Contains(spelling, "tail="), &looked}, framing.DefaultMax)
			for {
				if _, err := r.Next(); err == io.EOF {
					break
				} else if err == nil {
					continue
				}
				if _, err := r.Resync(); err == io.EOF {
					break
				}
			}
			if looked > 100*len(stream) {
				t.Errorf("%s of %s: %d bytes were looked at for a stream of %d", spelling, name, looked, len(stream))
			}
		}
	}
}
