package frametest

import (
	"math/rand/v2"
	"reflect"

	"github.com/chancat/channel/frame"
)

// An answer is what Scan returned.
type answer struct {
	span  frame.Span
	need  int
	err   *Error
	known bool // complete or broken
}

func ask(c frame.Codec, offset int, buf []byte, st *frame.State) answer {
	sp, need, err := scan(c, offset, buf, st)
	return answer{sp, need, describe(err), need == 0 || err != nil}
}

// Prefix checks what Scan says while a frame of the stream in arrives:
//
//   - it asks for at least one byte and never for more than the frame lacks;
//   - it promises no body byte before the head is whole, nor more than come;
//   - a carried State gives the answer of a zero one;
//   - once complete or broken, more bytes do not change the answer.
func Prefix(t TB, c frame.Codec, in []byte) {
	t.Helper()
	in = in[:min(len(in), longest)]
	for pos := 0; pos < len(in); {
		rest := in[pos:]
		if !arrive(t, c, pos, rest) {
			return
		}
		whole := ask(c, pos, rest, &frame.State{})
		n := whole.span.Len()
		if !whole.known || whole.err != nil {
			return
		}
		if n <= 0 || n > len(rest) {
			t.Fatalf("at byte %d: Scan(%q) is complete with %d of %d bytes", pos, clip(rest), n, len(rest))
		}
		frameLacks(t, c, pos, rest[:n], whole.span)
		pos += n
	}
}

// arrive compares States and looks at every length of rest until the frame is
// known.
func arrive(t TB, c frame.Codec, pos int, rest []byte) bool {
	t.Helper()
	whole := ask(c, pos, rest, &frame.State{})
	rnd := rand.New(rand.NewPCG(1, uint64(len(rest))))
	var every, some frame.State
	known := -1
	for k := range len(rest) + 1 {
		got := ask(c, pos, rest[:k], &frame.State{})
		switch {
		case !got.known && got.need < 1:
			t.Fatalf("at byte %d: Scan(%q) needs %d bytes", pos, clip(rest[:k]), got.need)
		case known >= 0 && !reflect.DeepEqual(got, whole):
			t.Fatalf("at byte %d: Scan knew the frame at %d bytes, but of %q it says %+v, and of %q %+v", pos, known, clip(rest[:k]), got, clip(rest), whole)
		case known >= 0:
			continue
		}
		carried := []*frame.State{&every}
		if rnd.IntN(4) == 0 || got.known {
			carried = append(carried, &some)
		}
		for _, st := range carried {
			before := *st
			if with := ask(c, pos, rest[:k], st); !reflect.DeepEqual(with, got) {
				t.Fatalf("at byte %d: Scan(%q) = %+v with a zero State, %+v with %+v", pos, clip(rest[:k]), got, with, before)
			}
		}
		if got.known {
			known = k
			if !reflect.DeepEqual(got, whole) {
				t.Fatalf("at byte %d: Scan(%q) = %+v, but %+v when %d bytes follow", pos, clip(rest[:k]), got, whole, len(rest)-k)
			}
		}
	}
	return known >= 0
}

// frameLacks checks the answers for the proper prefixes of the whole frame raw.
func frameLacks(t TB, c frame.Codec, pos int, raw []byte, whole frame.Span) {
	t.Helper()
	_, declared := c.(frame.LengthLocator)
	if _, ok := c.(frame.FirstScanner); ok && pos == 0 {
		declared = false // an opening has its own shape
	}
	for k := range raw {
		sp, need, err := scan(c, pos, raw[:k], &frame.State{})
		lacks := len(raw) - k
		switch {
		case err != nil:
			t.Fatalf("at byte %d: Scan(%q): %v; %q is a frame", pos, clip(raw[:k]), err, clip(raw))
		case need < 1 || need > lacks:
			t.Fatalf("at byte %d: Scan(%q) needs %d bytes, the frame %q lacks %d", pos, clip(raw[:k]), need, clip(raw), lacks)
		case sp.Body < 0 || sp.Body > whole.Body:
			t.Fatalf("at byte %d: Scan(%q) promises a body of %d bytes, the frame %q has %d", pos, clip(raw[:k]), sp.Body, clip(raw), whole.Body)
		}
		if !declared || whole.Head == 0 {
			continue
		}
		switch {
		case k < whole.Head && sp.Body != 0:
			t.Fatalf("at byte %d: Scan(%q) promises a body of %d bytes before the head of %q is whole", pos, clip(raw[:k]), sp.Body, clip(raw))
		case k < whole.Head && need > whole.Head-k+whole.Tail:
			t.Fatalf("at byte %d: Scan(%q) needs %d bytes before the head is whole; head and tail of %q lack %d", pos, clip(raw[:k]), need, clip(raw), whole.Head-k+whole.Tail)
		case k >= whole.Head && sp.Body != whole.Body:
			t.Fatalf("at byte %d: Scan(%q) has the whole head but promises a body of %d bytes, not %d", pos, clip(raw[:k]), sp.Body, whole.Body)
		}
	}
}

func checkPrefix(t TB, c Case) {
	for _, m := range c.Messages {
		raw, err := c.Codec.AppendFrame(nil, m)
		if err != nil || len(raw) > longest {
			continue
		}
		if _, ok := c.Codec.(frame.FirstScanner); !ok {
			Prefix(t, c.Codec, raw)
		}
		sp, _, _ := c.Codec.Scan(raw, &frame.State{})
		frameLacks(t, c.Codec, 1, raw, sp)
	}
	damaged(stream(t, c), func(in []byte) { Prefix(t, c.Codec, in) })
}
