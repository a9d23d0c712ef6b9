package frametest

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing/iotest"

	"github.com/chancat/channel/frame"
)

// Resync checks that reading on after each broken frame comes to an end, that
// every step makes progress, and that frames and skipped bytes add up to in. For
// a codec that recognises where a frame could start it checks that what is found
// does not depend on how the stream was cut either.
func Resync(t TB, c frame.Codec, in []byte) {
	t.Helper()
	in = in[:min(len(in), longest)]
	var want []passage
	for name, r := range pieces(in) {
		got := goOn(t, c, in, name, r)
		if want == nil {
			want = got
		}
		if _, ok := c.(frame.Resyncer); ok && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q read as %s: frames and skips %+v, in one piece %+v", clip(in), name, got, want)
		}
	}
}

// A passage is a frame or a run of skipped bytes.
type passage struct {
	offset, length int64
	skipped        bool
}

func goOn(t TB, c frame.Codec, in []byte, name string, src io.Reader) []passage {
	t.Helper()
	passages := []passage{}
	var at int64
	pass := func(n int64, skipped bool) {
		if n < 0 || n == 0 && at < int64(len(in)) {
			t.Fatalf("%q read as %s: no progress at byte %d", clip(in), name, at)
		}
		passages = append(passages, passage{at, n, skipped})
		at += n
	}
	r := frame.NewReader(src, c, noLimit)
	for {
		f, err := r.Next()
		switch e, _ := errors.AsType[*frame.Error](err); {
		case err == io.EOF:
			if rest := r.Offset() - at; rest > 0 {
				pass(rest, true) // a clean end behind bytes that are no frame
			}
			if at != int64(len(in)) {
				t.Fatalf("%q read as %s: frames and skips end at byte %d, the stream at %d", clip(in), name, at, len(in))
			}
			return passages
		case errors.Is(err, iotest.ErrTimeout):
		case err == nil:
			if f.Offset != at {
				t.Fatalf("%q read as %s: a frame at byte %d, want it at %d", clip(in), name, f.Offset, at)
			}
			pass(int64(len(f.Raw)), false)
		case e == nil || e.Start != at || e.Offset < at || e.Offset > int64(len(in)):
			t.Fatalf("%q read as %s: at byte %d: error %v", clip(in), name, at, err)
		default:
			pass(seek(t, r), true)
		}
	}
}

// seek resyncs r, through timeouts, and returns the bytes skipped.
func seek(t TB, r *frame.Reader) (skipped int64) {
	t.Helper()
	for {
		n, err := r.Resync()
		skipped += n
		switch {
		case errors.Is(err, iotest.ErrTimeout):
		case err != nil && err != io.EOF:
			t.Fatalf("Resync: %v", err)
		default:
			return skipped
		}
	}
}

func checkResync(t TB, c Case) {
	good := stream(t, c)
	damaged(good, func(in []byte) { Resync(t, c.Codec, in) })
	garbage := []byte("garbage\r\n\x00\xff before a frame ")
	Resync(t, c.Codec, append(bytes.Clone(garbage), good...))
}
