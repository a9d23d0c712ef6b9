package repl

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// A backlog is what waits for a terminal that shows plain lines. Its goroutine
// writes there, so that a terminal that has stopped (Ctrl-S, a stalled ssh) holds
// up nobody.
type backlog struct {
	writing sync.Mutex // held by whoever writes to out, and while it is lent
	out     *os.File

	mu     sync.Mutex // guards the rest
	queue  queue
	closed bool

	wake chan struct{} // buffered: something is to be done
	done chan struct{} // closed when the goroutine ends
}

func newBacklog(out *os.File) *backlog {
	b := &backlog{out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go b.run()
	return b
}

// change changes the queue, and lets the goroutine see it.
func (b *backlog) change(change func(*queue)) {
	b.mu.Lock()
	if !b.closed {
		change(&b.queue)
	}
	b.mu.Unlock()
	b.signal()
}

func (b *backlog) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *backlog) run() {
	defer close(b.done)
	for range b.wake {
		b.mu.Lock()
		closed := b.closed
		b.mu.Unlock()
		b.writing.Lock()
		b.drain()
		b.writing.Unlock()
		if closed {
			return
		}
	}
}

// drain writes what waits. b.writing is held.
func (b *backlog) drain() {
	b.mu.Lock()
	items := b.queue.take()
	b.mu.Unlock()
	var text []byte
	for i, it := range items {
		if it.skipped == 0 {
			text = append(text, it.text...)
			continue
		}
		if i+1 < len(items) && items[i+1].skipped > 0 {
			items[i+1].skipped += it.skipped
			continue
		}
		text = fmt.Appendf(text, "... %s skipped\n", messages(it.skipped))
	}
	b.out.Write(text)
}

// lend has run alone write, when everything before it is written.
func (b *backlog) lend(run func() error) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.drain()
	return run()
}

// close waits a moment for what waits to be written.
func (b *backlog) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.signal()
	select {
	case <-b.done:
	case <-time.After(leaveMost):
	}
}
