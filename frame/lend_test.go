package frame_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/chancat/channel/frame"
)

// A loan lends a stream piece by piece: where unread stands before the next piece,
// in one with it, else in memory of its own. What it has lent and got back it
// destroys.
type loan struct {
	t    *testing.T
	in   []byte
	cuts func(left int) int
	at   int
	lent []byte
}

func (l *loan) Read([]byte) (int, error) {
	l.t.Error("Read was called")
	return 0, io.ErrUnexpectedEOF
}

func (l *loan) Lend(unread []byte, need int) ([]byte, int, error) {
	if need < 1 {
		l.t.Errorf("need %d", need)
	}
	left := len(l.in) - l.at
	if left == 0 {
		return unread, 0, io.EOF
	}
	n := min(l.cuts(left), left)
	l.move(append(bytes.Clone(unread), l.in[l.at:l.at+n]...))
	l.at += n
	return l.lent, 1, nil
}

func (l *loan) Keep(unread []byte) []byte {
	l.move(bytes.Clone(unread))
	return l.lent
}

func (l *loan) move(to []byte) {
	for i := range l.lent {
		l.lent[i] = '?'
	}
	l.lent = to
}

// drained is all that a reader says.
func drained(t *testing.T, r *frame.Reader, settle bool) (said []any) {
	t.Helper()
	for broken := 0; ; {
		f, err := r.Next()
		if settle {
			f.Raw = bytes.Clone(f.Raw)
			r.Settle()
		}
		e, ok := errors.AsType[*frame.Error](err)
		switch {
		case err == nil:
			said = append(said, f.Offset, f.Span, string(f.Raw))
		case err == io.EOF:
			return append(said, r.Offset())
		case !ok:
			t.Fatal(err)
		default:
			said = append(said, e.Error())
			if broken++; errors.Is(err, io.ErrUnexpectedEOF) || broken > 9 {
				return said
			}
			skipped, err := r.Resync()
			if said = append(said, skipped); err != nil {
				return append(said, err)
			}
		}
	}
}

// A stream that is lent says what the same stream says when it is read.
func TestLend(t *testing.T) {
	const in = "one!two!!three is long!br?ken!four!a!b!c!five!and the end"
	want := drained(t, frame.NewReader(bytes.NewReader([]byte(in)), exclaim{}, 100), false)
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		src := &loan{t: t, in: []byte(in), cuts: func(left int) int { return 1 + rnd.IntN(1+int(seed)%left) }}
		got := drained(t, frame.NewReader(src, exclaim{}, 100), seed%2 == 1)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: got\n%q, want\n%q", seed, got, want)
		}
	}
}

func TestLendCopiesNothing(t *testing.T) {
	in := bytes.Repeat([]byte("message!"), 1000)
	src := &loan{t: t, in: in, cuts: func(left int) int { return left }}
	r := frame.NewReader(src, exclaim{}, 100)
	allocs := testing.AllocsPerRun(1, func() {
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
