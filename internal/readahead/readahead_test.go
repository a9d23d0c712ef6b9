package readahead

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// some reads at most n bytes at a time.
func some(r io.Reader, n func() int) io.Reader {
	return readerFunc(func(p []byte) (int, error) { return r.Read(p[:min(len(p), n())]) })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What is lent are the messages of the stream, whatever a read brings.
func TestLend(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var stream []byte
	var want [][]byte
	for i := range 300 {
		msg := make([]byte, rnd.IntN(1<<(1+i%20)))
		for j := range msg {
			msg[j] = byte(rnd.Uint32())
		}
		want = append(want, msg)
		stream, _ = framing.MSG.AppendFrame(stream, msg)
	}
	for name, src := range map[string]io.Reader{
		"whole": bytes.NewReader(stream),
		"parts": some(bytes.NewReader(stream), func() int { return 1 + rnd.IntN(1<<(1+rnd.IntN(19))) }),
		"last":  iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		ahead := New(src, nil)
		r := frame.NewReader(ahead, framing.MSG, 16<<20)
		for i, w := range want {
			msg, err := r.NextMessage()
			if err != nil || !bytes.Equal(msg, w) {
				t.Fatalf("%s: message %d: %d bytes, %v; want %d bytes", name, i, len(msg), err, len(w))
			}
			if i%50 == 0 {
				r.Settle()
			}
		}
		if _, err := r.NextMessage(); err != io.EOF {
			t.Errorf("%s: got %v at the end", name, err)
		}
		ahead.Close()
	}
}

// The start can be looked at, and put back, by who then borrows or copies.
func TestPeek(t *testing.T) {
	text := bytes.Repeat([]byte("abcdefghij"), 100_000)
	for _, n := range []int{1, 3, 1 << 20} {
		r := New(some(bytes.NewReader(text), func() int { return n }), nil)
		for _, n := range []int{1, 2, 1000} {
			if start, err := r.Peek(n); err != nil || len(start) < n || !bytes.HasPrefix(text, start) {
				t.Fatalf("Peek(%d): %d bytes, %v", n, len(start), err)
			}
		}
		start := make([]byte, 12)
		if _, err := io.ReadFull(r, start); err != nil || !bytes.HasPrefix(text, start) {
			t.Fatalf("%q, %v", start, err)
		}
		r.Unread(start)
		all, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(all, text) {
			t.Errorf("%d bytes, %v; want %d", len(all), err, len(text))
		}
		if start, err := r.Peek(1); len(start) > 0 || err != io.EOF {
			t.Errorf("Peek at the end: %q, %v", start, err)
		}
		r.Close()
	}
}

// Everything is used up before wait is called, and the next is not awaited without.
func TestWait(t *testing.T) {
	in, out := io.Pipe()
	waits := make(chan int)
	used := 0
	r := New(in, func() { waits <- used })
	defer r.Close()
	done := make(chan error)
	go func() {
		lines := frame.NewReader(r, framing.MSG, 100)
		for {
			if _, err := lines.NextMessage(); err != nil {
				done <- err
				return
			}
			used++
		}
	}()
	if n := <-waits; n != 0 {
		t.Errorf("waits behind %d messages at the start", n)
	}
	for i := range 3 {
		io.WriteString(out, "\r\nMSG 1\r\na\r\nMSG 1\r\nb")
		if n := <-waits; n != 2*i+2 {
			t.Errorf("waits behind %d messages of %d", n, 2*i+2)
		}
	}
	out.Close()
	if err := <-done; err != io.EOF {
		t.Error(err)
	}
}

// The error of the source comes behind everything that it has said.
func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	r := New(io.MultiReader(bytes.NewReader(make([]byte, 3*blockSize)), iotest.ErrReader(broken)), nil)
	defer r.Close()
	if all, err := io.ReadAll(r); err != broken || len(all) != 3*blockSize {
		t.Errorf("%d bytes, %v", len(all), err)
	}
	if _, err := r.Read(make([]byte, 1)); err != broken {
		t.Errorf("then %v", err)
	}
	empty := New(readerFunc(func([]byte) (int, error) { return 0, nil }), nil)
	defer empty.Close()
	if _, err := empty.Read(make([]byte, 1)); err != io.ErrNoProgress {
		t.Error(err)
	}
}

// A source that nobody reads any more is left alone, and no more of it is held than
// there are blocks.
func TestClose(t *testing.T) {
	read := make(chan int, 100)
	r := New(readerFunc(func(p []byte) (int, error) { read <- len(p); return len(p), nil }), nil)
	for range blockMost {
		<-read
	}
	r.Close()
	if len(read) > 0 {
		t.Errorf("%d blocks more were read", len(read))
	}
}
