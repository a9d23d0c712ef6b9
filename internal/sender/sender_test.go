package sender

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gate is a stream whose writes wait to be let through.
type gate struct {
	open chan error // what the next write returns
	mu   sync.Mutex
	got  []string
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	g.got = append(g.got, string(p))
	g.mu.Unlock()
	if err := <-g.open; err != nil {
		return 0, err
	}
	return len(p), nil
}

func (g *gate) writes() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got
}

// Sends that come while a write is under way share the next one.
func TestBatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		s := New(g, framing.Line)
		var sends sync.WaitGroup
		send := func(msg string) {
			sends.Go(func() {
				if err := s.Send([]byte(msg)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		for _, msg := range []string{"a", "b", "c", "d"} {
			send(msg)
		}
		g.open <- nil
		synctest.Wait()
		send("e")
		g.open <- nil
		g.open <- nil
		sends.Wait()
		if got := fmt.Sprintf("%q", g.writes()); got != `["a\n" "b\nc\nd\n" "e\n"]` {
			t.Errorf("writes %s", got)
		}
	})
}

// Every write up to 48 KiB of body holds whole frames, whoever sends.
func TestWritesHoldWholeFrames(t *testing.T) {
	var mu sync.Mutex
	var writes [][]byte
	s := New(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		writes = append(writes, bytes.Clone(p))
		return len(p), nil
	}), framing.MSG)
	var wg sync.WaitGroup
	const senders, each = 8, 50
	for i := range senders {
		wg.Go(func() {
			for k := range each {
				send := s.Send
				if k%2 == 0 {
					send = s.SendBuffered
				}
				if err := send(make([]byte, (i*k*997)%(copyMost+1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	frames := 0
	for _, w := range writes {
		r := frame.NewReader(bytes.NewReader(w), framing.MSG, 1<<20)
		for _, err := range r.Frames() {
			if err != nil {
				t.Fatalf("a write of %d bytes: %v", len(w), err)
			}
			frames++
		}
	}
	if frames != senders*each {
		t.Errorf("%d frames, want %d", frames, senders*each)
	}
}

// Frames that were encoded before keep their place among messages.
func TestSendFrames(t *testing.T) {
	var all bytes.Buffer
	s := New(&all, framing.Netstring)
	for _, send := range []func() error{
		func() error { return s.SendBuffered([]byte("first")) },
		func() error { return s.SendFrames([]byte("1:a,1:b,")) },
		func() error { return s.WriteFrames([]byte("1:c,1:d,")) },
		func() error { return s.Send([]byte("last")) },
	} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Finish(io.ErrClosedPipe); err != nil {
		t.Fatal(err)
	}
	if want := "5:first,1:a,1:b,1:c,1:d,4:last,"; all.String() != want {
		t.Errorf("%q, want %q", all.String(), want)
	}
	for _, send := range []func([]byte) error{s.SendFrames, s.WriteFrames} {
		if err := send([]byte("1:e,")); err != io.ErrClosedPipe {
			t.Errorf("after the end: %v", err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A large body is written from where it lies.
func TestLargeBodyIsNotCopied(t *testing.T) {
	body := bytes.Repeat([]byte("x"), QueueMost+1)
	for _, name := range []string{"Send", "SendBuffered"} {
		var inPlace bool
		var all bytes.Buffer
		s := New(writerFunc(func(p []byte) (int, error) {
			inPlace = inPlace || &p[0] == &body[0]
			return all.Write(p)
		}), framing.Netstring)
		send := s.Send
		if name == "SendBuffered" {
			send = s.SendBuffered
		}
		s.SendBuffered([]byte("first"))
		if err := send(body); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("5:first,%d:%s,", len(body), body)
		if !inPlace || all.String() != want {
			t.Errorf("%s: in place %v, %d bytes written, want %d", name, inPlace, all.Len(), len(want))
		}
	}
}

// A failed write is the answer to all who waited for it, and to all who come.
// A body that is no message, but an encoding of one, is written like a small one
// however large it is.
func TestLargeEscapedBody(t *testing.T) {
	var got bytes.Buffer
	s := New(&got, framing.SLIP)
	var want []byte
	for _, size := range []int{1, copyMost + 1, QueueMost + 1, 2} {
		msg := bytes.Repeat([]byte{0xc0}, size)
		want, _ = framing.SLIP.AppendFrame(want, msg)
		want, _ = framing.SLIP.AppendFrame(want, msg)
		if err := s.Send(msg); err != nil {
			t.Fatal(err)
		}
		if err := s.SendBuffered(msg); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%d bytes written, %v; want %d", got.Len(), err, len(want))
	}
}

func TestFailureReachesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		s := New(g, framing.Line)
		results := make(chan error, 10)
		for range 4 {
			go func() { results <- s.Send([]byte("a")) }()
		}
		go func() { results <- s.Send([]byte(strings.Repeat("b", QueueMost))) }()
		synctest.Wait()
		if err := s.SendBuffered([]byte("c")); err != nil {
			t.Error(err)
		}
		cut := errors.New("cut")
		g.open <- cut
		for range 5 {
			if err := <-results; err != cut {
				t.Errorf("a sender that waited got %v", err)
			}
		}
		for _, call := range []func() error{
			func() error { return s.Send(nil) },
			func() error { return s.SendBuffered(nil) },
			s.Flush,
		} {
			if err := call(); err != cut {
				t.Errorf("later: %v", err)
			}
		}
		if n := len(g.writes()); n != 1 {
			t.Errorf("%d writes", n)
		}
	})
}

// A writer that takes less than it was given, and says nothing, is an error.
func TestShortWrite(t *testing.T) {
	s := New(writerFunc(func(p []byte) (int, error) { return len(p) - 1, nil }), framing.Line)
	if err := s.Send([]byte("hi")); err != io.ErrShortWrite {
		t.Errorf("got %v", err)
	}
}

func TestStopWaitsOnlyForQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		s := New(g, framing.Line)
		s.SendBuffered([]byte("a"))
		closed := errors.New("closed")
		begin := time.Now()
		s.Stop(closed, time.Minute, func() error { g.open <- closed; return nil })
		if waited := time.Since(begin); waited != time.Minute {
			t.Errorf("Stop waited %v for a queued message", waited)
		}
		if err := s.Send(nil); err != closed {
			t.Errorf("Send after Stop: %v", err)
		}
		synctest.Wait()
	})
}

// What SendBuffered has accepted is written before a Finish or Stop returns that is
// under way.
func TestAcceptedIsWritten(t *testing.T) {
	for name, end := range map[string]func(*Sender) error{
		"Finish": func(s *Sender) error { return s.Finish(io.ErrClosedPipe) },
		"Stop": func(s *Sender) error {
			return s.Stop(io.ErrClosedPipe, time.Minute, func() error { return errors.New("too late") })
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := &gate{open: make(chan error)}
			s := New(g, framing.Line)
			if err := s.SendBuffered([]byte("a")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // a is being written
			var ended atomic.Bool
			go func() {
				if err := end(s); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				ended.Store(true)
			}()
			synctest.Wait()
			accepted := 1
			if err := s.SendBuffered([]byte("b")); err == nil {
				accepted++
			} else if err != io.ErrClosedPipe {
				t.Errorf("SendBuffered while %s writes: %v", name, err)
			}
			for written := range accepted {
				if ended.Load() {
					t.Errorf("%s returned when %d of %d messages were written", name, written, accepted)
				}
				g.open <- nil
				synctest.Wait()
			}
			if err := s.SendBuffered(nil); err != io.ErrClosedPipe {
				t.Errorf("SendBuffered after %s: %v", name, err)
			}
		})
	}
}
