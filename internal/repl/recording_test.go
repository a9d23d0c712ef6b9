package repl

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chancat/channel/session"
)

// A slowRecorder writes when it is let.
type slowRecorder struct {
	let    chan struct{} // closed to let it
	events []session.Event
	err    error
}

func (r *slowRecorder) WriteEvent(e *session.Event) error {
	<-r.let
	r.events = append(r.events, *e)
	return r.err
}

func (r *slowRecorder) Flush() error { return nil }

func recordingFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "rec"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// tellings collects what a recording tells.
type tellings struct {
	mu   sync.Mutex
	text []string
}

func (t *tellings) tell(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, err.Error())
}

// What a slow disk does not take is left out, told once, and marked as lost.
func TestRecordingFallsBehind(t *testing.T) {
	slow := &slowRecorder{let: make(chan struct{})}
	var told tellings
	r := startRecording(recordingFile(t), slow, told.tell)
	const count = 2 * recordedMost >> 20
	data := make([]byte, 1<<20)
	for i := range count {
		at := int64(i) << 20
		r.add(&session.Event{Kind: session.Read, Conn: 1, From: session.Server, Offset: at, N: len(data), Data: data})
		r.add(&session.Event{Kind: session.Message, Conn: 1, From: session.Server, Offset: at, Body: 5, Data: data[:5]})
	}
	r.add(&session.Event{Kind: session.Close, Conn: 1, From: session.Server, Reason: "eof"})
	close(slow.let)
	r.stop()
	var at int64
	lost := 0
	for _, e := range slow.events {
		switch e.Kind {
		case session.Read:
			if e.Offset != at {
				t.Fatalf("a read at %d, want %d", e.Offset, at)
			}
			at += int64(e.N)
		case session.Lost:
			if lost++; e.Offset != at || e.Conn != 1 || e.From != session.Server {
				t.Errorf("%+v, want the offset %d", e, at)
			}
			at += int64(e.N)
		}
	}
	if last := slow.events[len(slow.events)-1]; at != count<<20 || lost != 1 || last.Kind != session.Close {
		t.Errorf("%d bytes, %d losses, at last %+v", at, lost, last)
	}
	if len(told.text) != 1 || !strings.Contains(told.text[0], "falls behind") {
		t.Errorf("told %q", told.text)
	}
}

// The first failure is told, and nothing is written after it.
func TestRecordingFails(t *testing.T) {
	slow := &slowRecorder{let: make(chan struct{}), err: errors.New("no space left")}
	close(slow.let)
	var told tellings
	r := startRecording(recordingFile(t), slow, told.tell)
	for range 10 {
		r.add(&session.Event{Kind: session.Read, Conn: 1, N: 1, Data: []byte("x")})
	}
	r.stop()
	if len(slow.events) != 1 || len(told.text) != 1 || told.text[0] != "the recording ends here: no space left" {
		t.Errorf("%d events are written, told %q", len(slow.events), told.text)
	}
}
