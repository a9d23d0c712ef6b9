// Package sender writes frames to a stream on behalf of many goroutines.
//
// Whoever finds the stream free writes. Frames that come while it is being
// written queue in memory, and the next write takes all of them. No timer is
// involved, so an idle stream adds no latency and a busy one turns many small
// sends into few writes.
package sender

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/chancat/channel/frame"
)

const (
	// A body up to this size shares one buffer and one write with its head. Above
	// it, copying costs more than the writev that avoids it.
	copyMost = 48 << 10

	// QueueMost bounds the bytes that SendBuffered leaves unwritten.
	QueueMost = 256 << 10

	// A SendBuffered within this time of the last write is part of a stream: the
	// flush goroutine takes over the writing and lets it run ahead.
	hotWindow = 1500 * time.Nanosecond

	// A buffer that this many batches left mostly empty is given up.
	sparseBatches = 256
	bufferKept    = 16 << 10
)

// A Sender frames messages and writes them whole and in order. All methods are
// safe for concurrent use. Once a write has failed the stream is not at a
// boundary any more, and every later call returns that error.
type Sender struct {
	w       io.Writer
	codec   frame.Codec
	split   frame.Splitter // nil when a body is not the message itself
	try     tryWriter      // nil when w has no write that does not block
	vectors bool           // w takes several buffers in one call
	waiters sync.Pool      // of this Sender alone: a channel must not leave the bubble of a synctest

	mu   sync.Mutex // guards all below, and is never held during a write
	free sync.Cond  // a write has ended, or err is set

	queue []byte    // frames that nobody is writing yet
	spare []byte    // the buffer of the last write, for the next queue
	batch uint64    // number of the write that will take the queue
	done  uint64    // number of the last write that ended
	wait  []*waiter // Sends whose frames are in queue
	woken []*waiter // the list of the last write, for the next wait

	writing  bool      // somebody writes; only that goroutine touches rest, head, pieces
	flushing bool      // the flush goroutine runs
	blocked  int       // calls that a write is holding up, other than those of waiters
	carried  int       // waiters whose frames are being written
	taken    int       // bytes of the queue that are being written
	rest     []byte    // of a batch that writeAtOnce began
	restWait []*waiter // of that batch
	head     []byte
	pieces   net.Buffers
	storage  [4][]byte

	lastWrite time.Time // end of the last write of buffered frames
	flushLoop func()    // s.flush, made once so that starting it allocates nothing
	largest   int       // largest of the last batches, in bytes
	batches   int       // batches since largest was reset
	closing   error     // Finish or Stop writes what is left; what comes now is refused with it
	err       error
}

// A waiter is a Send that somebody else's write will carry. Waking it by a
// channel of its own spares it the fight for the lock that a sync.Cond would
// start among all of them.
type waiter struct {
	written chan error
}

// New returns a Sender of frames of c to w.
func New(w io.Writer, c frame.Codec) *Sender {
	s := &Sender{w: w, codec: c, try: newTryWriter(w), batch: 1}
	s.split, _ = c.(frame.Splitter)
	switch w.(type) {
	case *net.TCPConn, *net.UnixConn:
		s.vectors = true
	}
	s.free.L = &s.mu
	s.flushLoop = s.flush
	return s
}

// Send writes msg as one frame and returns when the bytes are with the stream.
func (s *Sender) Send(msg []byte) error {
	s.mu.Lock()
	if len(msg) > copyMost && s.split != nil {
		defer s.leave()
		return s.sendUncopied(msg)
	}
	if err := s.enqueue(msg); err != nil {
		s.leave()
		return err
	}
	if !s.writing && !s.flushing {
		defer s.leave()
		return s.await(s.batch)
	}
	w, _ := s.waiters.Get().(*waiter)
	if w == nil {
		w = &waiter{make(chan error, 1)}
	}
	s.wait = append(s.wait, w)
	s.mu.Unlock() // whoever writes sees to the queue
	err := <-w.written
	s.waiters.Put(w)
	return err
}

// SendBuffered queues msg as one frame and returns before it is written, unless
// more than QueueMost bytes would then be queued. It copies msg; a body above
// QueueMost that is the message itself is written before it returns instead. The
// queue is flushed at once when the stream is idle. A failed write is reported by a
// later call.
func (s *Sender) SendBuffered(msg []byte) error {
	s.mu.Lock()
	if len(msg) > QueueMost && s.split != nil {
		defer s.leave()
		return s.sendUncopied(msg)
	}
	if err := s.enqueue(msg); err != nil {
		s.leave()
		return err
	}
	return s.soon()
}

// SendFrames is SendBuffered for frames that are encoded already: raw holds whole
// ones, and is copied.
func (s *Sender) SendFrames(raw []byte) error {
	s.mu.Lock()
	if err := s.awaitRoom(len(raw)); err != nil {
		s.leave()
		return err
	}
	s.queue = append(s.queue, raw...)
	return s.soon()
}

// soon sees to it that the queue is written, at once where the stream is idle. It
// unlocks s.
func (s *Sender) soon() error {
	if s.writing || s.flushing {
		s.mu.Unlock()
		return nil
	}
	if s.try != nil && time.Since(s.lastWrite) > hotWindow {
		s.writeAtOnce()
	}
	err := s.err
	s.leave()
	return err
}

// WriteFrames writes frames that are encoded already, from where they lie, and
// returns when they are with the stream: raw holds whole ones.
func (s *Sender) WriteFrames(raw []byte) error {
	s.mu.Lock()
	defer s.leave()
	s.blocked++
	defer func() { s.blocked-- }()
	if err := s.awaitTurn(); err != nil {
		return err
	}
	return s.writeBehindQueue(raw)
}

// Flush returns when everything that was queued before is with the stream.
func (s *Sender) Flush() error {
	s.mu.Lock()
	defer s.leave()
	return s.flushed()
}

// Finish writes what is queued and makes every later send fail with reason. It
// returns the error of the writes.
func (s *Sender) Finish(reason error) error {
	s.mu.Lock()
	defer s.leave()
	s.close(reason)
	err := s.flushed()
	s.fail(reason)
	return err
}

// Refuse makes every later send fail with reason. What is queued is still written.
func (s *Sender) Refuse(reason error) {
	s.mu.Lock()
	defer s.leave()
	s.close(reason)
}

// Stop is Finish for a stream that may be stuck: what is queued gets up to limit
// to be written, then abort is called, which must make a blocked write return.
// Where a caller is blocked already, nothing is waited for: that caller is told.
// The error says that something queued was not written.
func (s *Sender) Stop(reason error, limit time.Duration, abort func() error) (err error) {
	s.mu.Lock()
	defer s.leave()
	s.close(reason)
	if s.err != nil || s.blocked+s.carried+len(s.wait) == 0 {
		timer := time.AfterFunc(limit, func() { abort() })
		err = s.flushed()
		timer.Stop()
	}
	s.fail(reason)
	return err
}

// leave unlocks s and makes sure that somebody sees to the queue.
func (s *Sender) leave() {
	if len(s.queue) > 0 && !s.writing && !s.flushing && s.err == nil {
		s.startFlush()
	}
	s.mu.Unlock()
}

// enqueue appends the frame of msg to the queue, once there is room.
func (s *Sender) enqueue(msg []byte) error {
	err := s.awaitRoom(len(msg))
	if err != nil {
		return err
	}
	s.queue, err = s.codec.AppendFrame(s.queue, msg)
	return err
}

// awaitRoom waits until the queue has room for n bytes.
func (s *Sender) awaitRoom(n int) error {
	for s.unwritten() > 0 && s.unwritten()+n > QueueMost && s.refusal() == nil {
		s.progress()
	}
	return s.refusal()
}

// unwritten is the number of bytes that are queued or being written.
func (s *Sender) unwritten() int { return s.taken + len(s.queue) }

// await returns when the given batch is written, and writes it if nobody does.
func (s *Sender) await(batch uint64) error {
	for s.done < batch && s.err == nil {
		s.progress()
	}
	if s.done >= batch {
		return nil
	}
	return s.err
}

func (s *Sender) flushed() error {
	batch := s.batch - 1
	if len(s.queue) > 0 {
		batch = s.batch
	}
	return s.await(batch)
}

// progress lets one write happen: the one under way, or that of the queue.
func (s *Sender) progress() {
	s.blocked++
	if s.writing {
		s.free.Wait()
	} else {
		s.writeQueue()
	}
	s.blocked--
}

// close refuses what comes from now on, so that what was accepted is all there is
// left to write.
func (s *Sender) close(reason error) {
	if s.closing == nil {
		s.closing = reason
	}
}

// refusal is why a new message is not accepted; nil if it is.
func (s *Sender) refusal() error {
	if s.err != nil {
		return s.err
	}
	return s.closing
}

// fail makes err that of every later call, and of those that wait for a write
// that will not be.
func (s *Sender) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	for _, w := range s.wait {
		w.written <- s.err
	}
	s.wait = nil
	s.free.Broadcast()
}
