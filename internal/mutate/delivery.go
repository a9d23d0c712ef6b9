// Package mutate breaks frames, and the way they are written, on purpose.
package mutate

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chancat/channel/internal/pause"
)

// DefaultGap lies between two pieces of a frame, so that the peer sees them in
// separate reads.
const DefaultGap = 5 * time.Millisecond

// mergeWait is how long a frame waits for another to be merged with.
const mergeWait = 50 * time.Millisecond

// A Delivery says in which pieces frames are written. The zero Delivery writes
// each whole.
type Delivery struct {
	name  string
	sizes []int // of the pieces, for Chunks
	seed  uint64
	many  int // frames in one write, for merge
}

// Chunks writes a frame in pieces of those sizes in bytes; what is left goes out
// as one piece.
func Chunks(sizes []int) Delivery { return Delivery{name: "chunks", sizes: sizes} }

// ParseChunks reads the sizes of pieces, such as "2,11".
func ParseChunks(text string) (Delivery, error) {
	var sizes []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return Delivery{}, fmt.Errorf("%q: want the sizes of pieces in bytes, such as 2,11", text)
		}
		sizes = append(sizes, n)
	}
	return Chunks(sizes), nil
}

// ParseDelivery reads each-byte, split (every frame in two pieces), merge (two
// frames in one write), merge:N (N frames) or random:SEED (any of these, the same for
// the same seed).
func ParseDelivery(text string) (Delivery, error) {
	const most = 1000 // frames in one write
	name, seed, seeded := strings.Cut(text, ":")
	switch {
	case name == "merge" && seeded:
		n, err := strconv.Atoi(seed)
		if err != nil || n < 2 || n > most {
			return Delivery{}, fmt.Errorf("merge:%s: want a number of frames from 2 to %d", seed, most)
		}
		return Delivery{name: name, many: n}, nil
	case name == "random" && seeded:
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			return Delivery{}, fmt.Errorf("random:%s: want a number as seed", seed)
		}
		return Delivery{name: name, seed: n, many: 2}, nil
	case !seeded && (name == "each-byte" || name == "split" || name == "merge"):
		return Delivery{name: name, many: 2}, nil
	}
	return Delivery{}, fmt.Errorf("%q: want each-byte, split, merge[:N] or random:SEED", text)
}

// Whole reports whether frames are written as they are.
func (d Delivery) Whole() bool { return d.name == "" }

// A Writer writes frames to a stream in the pieces of a Delivery. It is safe for
// concurrent use.
type Writer struct {
	ctx context.Context
	w   io.Writer
	d   Delivery
	gap time.Duration

	mu    sync.Mutex // guards the rest and the order of writes
	rand  *rand.Rand
	held  []byte // frames that wait to be merged
	holds int    // how many
	timer *time.Timer
	err   error
}

// NewWriter returns a Writer to w that pauses for gap between the pieces of a
// frame. The end of ctx ends a pause.
func NewWriter(ctx context.Context, w io.Writer, d Delivery, gap time.Duration) *Writer {
	return &Writer{ctx: ctx, w: w, d: d, gap: gap, rand: rand.New(rand.NewPCG(d.seed, 0))}
}

// Write writes one whole frame. A frame that waits to be merged is written by
// the next call, by Flush, or after a moment; its error is reported then.
func (w *Writer) Write(frame []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	switch {
	case w.merges() && w.held == nil:
		w.held, w.holds = append([]byte{}, frame...), 1
		w.timer = time.AfterFunc(mergeWait, func() { w.Flush() })
		return len(frame), nil
	case w.held != nil && w.holds+1 < w.d.many:
		w.held = append(w.held, frame...)
		w.holds++
	case w.held != nil:
		w.release(frame)
	default:
		w.pieces(frame)
	}
	return len(frame), w.err
}

// Flush writes a frame that waits to be merged.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held != nil {
		w.release(nil)
	}
	return w.err
}

func (w *Writer) merges() bool {
	return w.d.name == "merge" || w.d.name == "random" && w.held == nil && w.rand.IntN(3) == 0
}

func (w *Writer) release(frame []byte) {
	w.timer.Stop()
	w.write(append(w.held, frame...))
	w.held = nil
}

func (w *Writer) pieces(frame []byte) {
	for i, first := 0, true; len(frame) > 0 && w.err == nil; i, first = i+1, false {
		if !first {
			w.pause()
		}
		n := min(w.size(i, len(frame)), len(frame))
		w.write(frame[:n])
		frame = frame[n:]
	}
}

// size is the size of piece i when left bytes are left.
func (w *Writer) size(i, left int) int {
	switch {
	case w.d.name == "each-byte":
		return 1
	case w.d.name == "chunks" && i < len(w.d.sizes):
		return w.d.sizes[i]
	case w.d.name == "split" && i == 0:
		return (left + 1) / 2
	case w.d.name == "random":
		return 1 + w.rand.IntN(left)
	}
	return left
}

func (w *Writer) write(p []byte) {
	if w.err != nil {
		return
	}
	n, err := w.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	w.err = err
}

func (w *Writer) pause() {
	w.err = pause.For(w.ctx, w.gap)
}
