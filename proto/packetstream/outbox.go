package packetstream

import (
	"context"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/chancat/channel/internal/sender"
)

const (
	// outboxMost bounds the bytes that wait to be written, one packet apart. Who
	// wants to add more waits.
	outboxMost = 256 << 10

	// writeMost is the most that one write takes, so that a limit on the time of a
	// write does not depend on the size of packets.
	writeMost = 256 << 10

	bufferKept = 2 * outboxMost // a larger one is given up after its use
)

// An outbox writes packets for many goroutines. A goroutine of its own does, so that
// each of them can give up when its context ends, and what several add in the
// meantime shares a write. Only who is alone writes at once, as far as that does not
// block.
type outbox struct {
	w      io.Writer
	try    func([]byte) (int, error) // a write that does not block; nil where there is none
	grace  time.Duration             // to wait for more before a write
	failed func(error)               // called when a write has failed

	mu      sync.Mutex // guards the rest, and is never held during a write
	changed signal     // the queue has been taken, or flush ends
	queue   []byte
	spare   []byte        // the buffer of the last write, for the next queue
	busy    bool          // somebody writes, or will: only that goroutine touches rest
	rest    []byte        // of a batch that was written in part
	hurry   chan struct{} // closed when grace is not to be waited for any more
	hurried bool
	err     error
}

func (o *outbox) init(w io.Writer, grace time.Duration, failed func(error)) {
	o.w, o.grace, o.failed = w, grace, failed
	o.try = sender.TryWriter(w)
	if grace > 0 {
		o.hurry = make(chan struct{})
	}
}

// add calls build, which appends one packet with that many bytes of payload to the
// queue, once there is room, and says whether that is alone: nobody else is likely to
// add one now. Calls of build do not overlap, and packets are written in their order.
func (o *outbox) add(ctx context.Context, payload int, build func(queue []byte) (_ []byte, alone bool, err error)) error {
	o.mu.Lock()
	for o.err == nil && len(o.queue) > 0 && len(o.queue)+payload > outboxMost {
		o.hasten()
		if err := o.changed.wait(ctx, &o.mu); err != nil {
			o.mu.Unlock()
			return err
		}
	}
	if o.err != nil {
		defer o.mu.Unlock()
		return o.err
	}
	queue, alone, err := build(o.queue)
	if err == nil {
		o.queue = queue
	}
	if err != nil || o.busy || len(queue) == 0 {
		o.mu.Unlock()
		return err
	}
	o.busy = true
	if !alone || o.try == nil || o.grace > 0 {
		o.mu.Unlock()
		go o.flush()
		return nil
	}
	batch := o.take()
	n, err := o.try(batch)
	if err == nil && n == len(batch) {
		o.mu.Lock()
		o.keep(batch)
		more := len(o.queue) > 0 && o.err == nil
		if !more {
			o.idle()
		}
		o.mu.Unlock()
		if more {
			go o.flush()
		}
		return nil
	}
	if err != nil {
		o.fail(err)
	}
	o.rest = batch[n:]
	go o.flush()
	return nil
}

// take makes the queue the batch that is written, and unlocks o.
func (o *outbox) take() []byte {
	batch := o.queue
	o.queue, o.spare = o.spare[:0], nil
	o.changed.broadcast()
	o.mu.Unlock()
	return batch
}

// keep keeps the buffer of a batch. The caller holds mu.
func (o *outbox) keep(batch []byte) {
	if cap(batch) <= bufferKept {
		o.spare = batch[:0]
	}
}

// idle ends the writing. The caller holds mu.
func (o *outbox) idle() {
	o.busy = false
	o.changed.broadcast()
}

func (o *outbox) fail(err error) {
	o.stop(err)
	o.failed(err)
}

// flush writes the queue until it finds it empty.
func (o *outbox) flush() {
	if rest := o.rest; len(rest) > 0 {
		o.rest = nil
		o.writeBatch(rest)
	} else {
		// Whoever can run now may have more to send: all of it shares the write.
		runtime.Gosched()
	}
	for {
		o.waitGrace()
		o.mu.Lock()
		if len(o.queue) == 0 || o.err != nil {
			o.idle()
			o.mu.Unlock()
			return
		}
		o.writeBatch(o.take())
	}
}

func (o *outbox) writeBatch(batch []byte) {
	if err := o.write(batch); err != nil {
		o.fail(err)
		return
	}
	o.mu.Lock()
	o.keep(batch)
	o.mu.Unlock()
}

func (o *outbox) write(batch []byte) error {
	for len(batch) > 0 {
		piece := batch[:min(len(batch), writeMost)]
		n, err := o.w.Write(piece)
		if err == nil && n < len(piece) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

func (o *outbox) waitGrace() {
	if o.grace <= 0 {
		return
	}
	o.mu.Lock()
	hurry := o.hurry
	idle := len(o.queue) == 0
	o.mu.Unlock()
	if idle {
		return
	}
	t := time.NewTimer(o.grace)
	defer t.Stop()
	select {
	case <-t.C:
	case <-hurry:
	}
	o.mu.Lock()
	if o.hurried {
		o.hurry, o.hurried = make(chan struct{}), false
	}
	o.mu.Unlock()
}

// hasten ends a grace that is waited for. The caller holds mu.
func (o *outbox) hasten() {
	if o.hurry != nil && !o.hurried && o.busy {
		o.hurried = true
		close(o.hurry)
	}
}

// drain returns when all that was added is written, or cannot be.
func (o *outbox) drain(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.busy && o.err == nil {
		o.hasten()
		if err := o.changed.wait(ctx, &o.mu); err != nil {
			return err
		}
	}
	return o.err
}

// stop drops what is queued, and makes each later add fail with reason, unless one
// stands already.
func (o *outbox) stop(reason error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = reason
	}
	o.queue = nil
	o.hasten()
	o.changed.broadcast()
}
