package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/chancat/channel/session"
)

const (
	recordedMost = 64 << 20    // bytes that wait for the disk; when half of them are written it goes on
	eventBytes   = 512         // that an event counts beside its data
	stuckMost    = time.Second // without a write, after which the end of a recording is not waited for
)

// A recording is a session file that is being written. Its goroutine alone writes,
// so that a slow disk or a full pipe does not hold up the session: what it cannot
// take is left out, and marked as lost.
type recording struct {
	file   *os.File
	events recorder        // of the goroutine
	tell   func(err error) // what is wrong, to the person
	done   chan struct{}   // closed when the file is
	wake   chan struct{}   // buffered: something is to be done

	mu      sync.Mutex // guards the rest
	waiting []*session.Event
	bytes   int // of what is not written yet
	written int // events
	full    bool
	told    bool                      // that it falls behind
	lost    map[stream]*session.Event // of what has been left out and is not told in the file yet
	stopped bool
	givenUp bool // nobody waits for it any more
}

// A stream is one direction of a connection.
type stream struct {
	conn int
	from session.Side
}

// startRecording writes events to f, which it closes.
func startRecording(f *os.File, events recorder, tell func(err error)) *recording {
	r := &recording{
		file: f, events: events, tell: tell,
		done: make(chan struct{}), wake: make(chan struct{}, 1), lost: make(map[stream]*session.Event),
	}
	go r.run()
	return r
}

func (r *recording) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// add takes e down, without waiting.
func (r *recording) add(e *session.Event) {
	r.mu.Lock()
	r.full = r.bytes > recordedMost || r.full && r.bytes > recordedMost/2
	s := stream{e.Conn, e.From}
	if r.full && (e.Kind == session.Read || e.Kind == session.Message) {
		r.leaveOut(s, e)
	} else {
		if lost := r.lost[s]; lost != nil {
			delete(r.lost, s)
			r.queue(lost)
		}
		r.queue(e)
	}
	behind := r.full && !r.told
	r.told = r.told || r.full
	r.mu.Unlock()
	r.signal()
	if behind {
		r.tell(errors.New("the recording falls behind: some of what follows is missing in it"))
	}
}

// leaveOut counts the bytes of a read that is not recorded. r.mu is held.
func (r *recording) leaveOut(s stream, e *session.Event) {
	if e.Kind != session.Read {
		return
	}
	if r.lost[s] == nil {
		r.lost[s] = &session.Event{Kind: session.Lost, Time: e.Time, Conn: e.Conn, From: e.From, Offset: e.Offset, Reason: "the recording fell behind"}
	}
	r.lost[s].N += e.N
}

// queue hands e to the goroutine. r.mu is held.
func (r *recording) queue(e *session.Event) {
	r.waiting = append(r.waiting, e)
	r.bytes += cost(e)
}

func cost(e *session.Event) int { return eventBytes + len(e.Data) }

// run writes until stop.
func (r *recording) run() {
	defer close(r.done)
	var err error
	for range r.wake {
		r.mu.Lock()
		events, stopped := r.waiting, r.stopped
		r.waiting = nil
		r.mu.Unlock()
		for _, e := range events {
			if err == nil {
				err = r.check(r.events.WriteEvent(e))
			}
			r.mu.Lock()
			r.bytes -= cost(e)
			r.written++
			r.mu.Unlock()
		}
		if stopped {
			break
		}
		if err == nil {
			err = r.check(r.events.Flush())
		}
	}
	var held error
	if c, ok := r.events.(io.Closer); ok {
		held = c.Close()
	}
	if last := errors.Join(held, r.events.Flush(), r.file.Close()); err == nil && last != nil {
		r.tell(fmt.Errorf("the recording ends early: %w", last))
	}
}

// check tells the first failure; the session goes on.
func (r *recording) check(err error) error {
	r.mu.Lock()
	givenUp := r.givenUp
	r.mu.Unlock()
	if err != nil && !givenUp {
		r.tell(fmt.Errorf("the recording ends here: %w", err))
	}
	return err
}

// stop returns when the file is written, or takes nothing more.
func (r *recording) stop() {
	r.mu.Lock()
	for s, lost := range r.lost {
		delete(r.lost, s)
		r.queue(lost)
	}
	r.stopped = true
	before := r.written
	r.mu.Unlock()
	r.signal()
	tick := time.NewTicker(stuckMost)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		stuck := r.written == before
		before = r.written
		r.givenUp = stuck
		r.mu.Unlock()
		if stuck {
			go r.file.Close() // which ends a write to a pipe
			r.tell(fmt.Errorf("%s takes nothing more; the recording ends early", r.file.Name()))
			return
		}
	}
}
