package frametest

import (
	"bytes"
	"io"
	"iter"
	"math/rand/v2"
	"reflect"
	"testing/iotest"

	"github.com/chancat/channel/frame"
)

// Chunking checks that the frames of in, their offsets and the text of the error
// that ends them do not depend on how the stream was cut: not in two at any
// place, nor into single or random pieces, nor by timeouts, and that reading by
// message says the same. It does so without a limit and with limits that bodies
// exceed.
func Chunking(t TB, c frame.Codec, in []byte) {
	t.Helper()
	in = in[:min(len(in), longest)]
	want := reference(c, in, noLimit)
	for name, r := range pieces(in) {
		compare(t, c, in, noLimit, name, r, want)
	}
	messages(t, c, in, noLimit, want)
	for _, limit := range limits {
		// A limit is judged by what Scan promises of the bytes that are there: how
		// reading can fail or end is the same with and without one.
		want := reference(c, in, limit)
		compare(t, c, in, limit, "one piece", bytes.NewReader(in), want)
		compare(t, c, in, limit, "single bytes", iotest.OneByteReader(bytes.NewReader(in)), want)
		compare(t, c, in, limit, "random pieces", newRandom(in), want)
		messages(t, c, in, limit, want)
	}
}

// limits are some that bodies exceed.
var limits = []int{1, 4}

// messages checks that reading by message says the same.
func messages(t TB, c frame.Codec, in []byte, limit int, want Result) {
	t.Helper()
	for name, source := range map[string]func() io.Reader{
		"one piece":                     func() io.Reader { return bytes.NewReader(in) },
		"random pieces":                 func() io.Reader { return newRandom(in) },
		"single bytes between timeouts": func() io.Reader { return &hesitant{src: iotest.OneByteReader(bytes.NewReader(in))} },
	} {
		if difference := want.by(source(), c, limit); difference != "" {
			t.Fatalf("%q with a limit of %d, read by message as %s: %s", clip(in), limit, name, difference)
		}
		if difference := want.inBatches(source(), c, limit); difference != "" {
			t.Fatalf("%q with a limit of %d, read in batches as %s: %s", clip(in), limit, name, difference)
		}
	}
}

func compare(t TB, c frame.Codec, in []byte, limit int, name string, r io.Reader, want Result) {
	t.Helper()
	if got := Drain(r, c, limit); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q with a limit of %d, read as %s:\n%v\nwant (the first answer that a zero State gives, byte by byte):\n%v", clip(in), limit, name, got, want)
	}
}

// pieces yields readers of in that cut it in different ways.
func pieces(in []byte) iter.Seq2[string, io.Reader] {
	return func(yield func(string, io.Reader) bool) {
		whole := func() io.Reader { return bytes.NewReader(in) }
		_ = yield("one piece", whole()) &&
			yield("single bytes", iotest.OneByteReader(whole())) &&
			yield("halves of each read", iotest.HalfReader(whole())) &&
			yield("one piece with io.EOF", iotest.DataErrReader(whole())) &&
			yield("single bytes, the last with io.EOF", iotest.DataErrReader(iotest.OneByteReader(whole()))) &&
			yield("single bytes between timeouts", &hesitant{src: iotest.OneByteReader(whole())}) &&
			yield("one piece and a timeout", iotest.TimeoutReader(whole())) &&
			yield("random pieces", newRandom(in))
	}
}

// halves returns a reader that gives in[:cut] and in[cut:].
func halves(in []byte, cut int) io.Reader {
	return io.MultiReader(bytes.NewReader(in[:cut]), bytes.NewReader(in[cut:]))
}

// A hesitant reader times out before each read of src.
type hesitant struct {
	src  io.Reader
	next bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.next = !h.next; h.next {
		return 0, iotest.ErrTimeout
	}
	return h.src.Read(p)
}

// A random reader gives pieces of 0 to 9 bytes.
type random struct {
	in  []byte
	rnd *rand.Rand
}

func newRandom(in []byte) *random { return &random{in, rand.New(rand.NewPCG(2, uint64(len(in))))} }

func (r *random) Read(p []byte) (int, error) {
	if len(r.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.rnd.IntN(10))], r.in)
	r.in = r.in[n:]
	return n, nil
}

func checkChunking(t TB, c Case) {
	good := stream(t, c)
	if _, ok := c.Codec.(frame.FirstScanner); !ok {
		complete(t, c, good)
	}
	for _, limit := range append([]int{noLimit}, limits...) {
		want := reference(c.Codec, good, limit)
		for cut := range good {
			compare(t, c.Codec, good, limit, "two pieces", halves(good, cut), want)
		}
	}
	damaged(good, func(in []byte) { Chunking(t, c.Codec, in) })
	for _, m := range c.Messages {
		large(t, c, m)
	}
}

// complete checks that the frames of good are read back to the last byte.
func complete(t TB, c Case, good []byte) {
	t.Helper()
	got := Drain(bytes.NewReader(good), c.Codec, noLimit)
	end := 0
	if n := len(got.Frames); n > 0 {
		end = int(got.Frames[n-1].Offset) + len(got.Frames[n-1].Raw)
	}
	if got.Error != nil || end != len(good) {
		t.Errorf("the frames of the messages are read as\n%v\nwant frames up to byte %d and a clean end", got, len(good))
	}
}

// large cuts a frame that is larger than the first buffer of a Reader.
func large(t TB, c Case, m []byte) {
	t.Helper()
	raw, err := c.Codec.AppendFrame(nil, m)
	if err != nil || len(raw) <= 160 {
		return
	}
	raw = append(raw, raw...)
	want := Drain(bytes.NewReader(raw), c.Codec, noLimit)
	for name, r := range pieces(raw) {
		compare(t, c.Codec, raw, noLimit, name, r, want)
	}
}
