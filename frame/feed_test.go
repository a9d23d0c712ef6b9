package frame_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/chancat/channel/frame"
)

// giver feeds in to a reader piece by piece, each in memory of its own that is
// destroyed when it is used up. It reads as drained does.
type giver struct {
	frame.Feed
	in     []byte
	cuts   func(left int) int
	at     int
	piece  []byte
	beside bool // pieces stand one behind another in memory, which stays
}

func (g *giver) Lend(unread []byte, need int) ([]byte, int, error) {
	if g.Dry() {
		if g.at == len(g.in) {
			g.End()
		} else {
			n := min(g.cuts(len(g.in)-g.at), len(g.in)-g.at)
			next := g.in[g.at : g.at+n]
			g.at += n
			if !g.beside {
				unread = g.Keep(unread)
				for i := range g.piece {
					g.piece[i] = '?'
				}
				next = bytes.Clone(next)
			}
			g.piece = next
			g.Give(next)
		}
	}
	return g.Feed.Lend(unread, need)
}

// A stream that is given says what the same stream says when it is read.
func TestFeed(t *testing.T) {
	in := []byte("one!two!!three is long!br?ken!four!a!b!c!five!")
	in = append(append(in, bytes.Repeat([]byte("long"), 1000)...), "!six!"...)
	for n := range 60 { // some of them as long as what is copied at a time
		in = append(append(in, bytes.Repeat([]byte("x"), 10*n)...), '!')
	}
	in = append(in, "and the end"...)
	want := drained(t, frame.NewReader(bytes.NewReader(in), exclaim{}, 5000), false)
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		src := &giver{in: in, beside: seed%4 == 0, cuts: func(left int) int { return 1 + rnd.IntN(1+int(seed*seed/8)%left) }}
		got := drained(t, frame.NewReader(src, exclaim{}, 5000), seed%2 == 1)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: got\n%q, want\n%q", seed, got, want)
		}
	}
}

// Who reads without a Reader gets the same bytes, in whatever portions.
func TestFeedRead(t *testing.T) {
	var feed frame.Feed
	portion := make([]byte, 3)
	var got []byte
	for _, piece := range []string{"ab", "cdefghi", "j"} {
		feed.Give([]byte(piece))
		for !feed.Dry() {
			n, err := feed.Read(portion)
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
			got = append(got, portion[:n]...)
		}
		if n, err := feed.Read(portion); n != 0 || err != frame.ErrPending {
			t.Error(n, err)
		}
	}
	feed.End()
	if n, err := feed.Read(portion); n != 0 || err != io.EOF || string(got) != "abcdefghij" {
		t.Errorf("%d, %v behind %q", n, err, got)
	}
}

// Reads are the pieces that a frame was spread over, however they were lent.
func TestFeedReads(t *testing.T) {
	var feed frame.Feed
	r := frame.NewReader(&feed, exclaim{}, 5000)
	long := string(bytes.Repeat([]byte("x"), 2000))
	var got []int
	for _, piece := range []string{"a!b", "!c", "c", "c!d!", "e!", "f" + long, long + "!g!", "h"} {
		memory := []byte(piece)
		feed.Give(memory)
		for {
			f, err := r.Next()
			if err != nil {
				break
			}
			got = append(got, f.Reads)
		}
		r.Settle()
		clear(memory)
	}
	feed.End()
	if _, err := r.Next(); err == nil || err == io.EOF {
		t.Errorf("got %v at the end, want a frame cut short", err)
	}
	if want := []int{1, 2, 3, 1, 1, 2, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What spans two pieces is copied, and no more than that.
func TestFeedAllocs(t *testing.T) {
	var feed frame.Feed
	r := frame.NewReader(&feed, exclaim{}, 5000)
	piece := append(bytes.Repeat([]byte("message!"), 100_000), "mes"...)
	rest := append([]byte("sage!"), piece...)
	read := func(p []byte) {
		feed.Give(p)
		for n := 0; ; n++ {
			if _, err := r.NextMessage(); err != nil {
				if n < 100_000 {
					t.Errorf("%v after %d messages", err, n)
				}
				break
			}
		}
		r.Settle()
	}
	read(piece)
	if n := testing.AllocsPerRun(5, func() { read(rest) }); n > 2 { // the error
		t.Errorf("%v allocations", n)
	}
}
