package session_test

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/chancat/channel/session"
)

// wholeLines fails when a write does not end with a line.
type wholeLines struct {
	t      *testing.T
	writes int
	bytes.Buffer
}

func (w *wholeLines) Write(p []byte) (int, error) {
	w.writes++
	if p[len(p)-1] != '\n' {
		w.t.Error("a write ends inside a line")
	}
	return w.Buffer.Write(p)
}

func TestWriterIsSafeForConcurrentUse(t *testing.T) {
	dst := &wholeLines{t: t}
	w := session.NewWriter(dst)
	if err := w.WriteEvent(&session.Event{Kind: session.Session, Framing: "msg"}); err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 500
	var wg sync.WaitGroup
	for conn := range writers {
		wg.Go(func() {
			for seq := range each {
				e := session.Event{Kind: session.Message, Conn: conn + 1, Seq: seq + 1, Data: bytes.Repeat([]byte("x"), seq)}
				if err := w.WriteEvent(&e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	next := map[int]int{}
	for e, err := range session.NewReader(&dst.Buffer, 0).Events() {
		if err != nil {
			t.Fatal(err)
		}
		if next[e.Conn]++; e.Kind == session.Message && e.Seq != next[e.Conn] {
			t.Fatalf("connection %d: message %d, want %d", e.Conn, e.Seq, next[e.Conn])
		}
	}
	for conn := range writers {
		if next[conn+1] != each {
			t.Errorf("connection %d: %d messages", conn+1, next[conn+1])
		}
	}
}

func TestWriterBuffers(t *testing.T) {
	dst := &wholeLines{t: t}
	w := session.NewWriter(dst)
	write := func(size int) {
		t.Helper()
		if err := w.WriteEvent(&session.Event{Kind: session.Message, Data: make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	if dst.writes != 0 {
		t.Error("written before Flush")
	}
	if err := errors.Join(w.Flush(), w.Flush()); err != nil || dst.writes != 1 {
		t.Errorf("%v, %d writes", err, dst.writes)
	}
	write(1 << 20)
	if dst.writes != 2 {
		t.Errorf("a large event: %d writes", dst.writes)
	}
}

type failing struct{ calls int }

func (f *failing) Write([]byte) (int, error) {
	f.calls++
	return 0, os.ErrClosed
}

func TestWriterErrorIsSticky(t *testing.T) {
	var dst failing
	w := session.NewWriter(&dst)
	e := session.Event{Kind: session.Close}
	if err := w.WriteEvent(&e); err != nil {
		t.Fatal(err)
	}
	first := w.Flush()
	if !errors.Is(first, os.ErrClosed) || w.WriteEvent(&e) != first || w.Flush() != first || dst.calls != 1 {
		t.Errorf("%v after %d calls", first, dst.calls)
	}
}
