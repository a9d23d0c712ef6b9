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
	"runtime"
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

	// queueWorth is how many bytes Queue leaves to a later write.
	queueWorth = 128 << 10

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

// TryWriter returns a write to w that does not block: it returns the number of bytes
// that the stream took at once. It is nil where there is none. One goroutine at a
// time may use it.
func TryWriter(w io.Writer) func(p []byte) (n int, err error) {
	if t := newTryWriter(w); t != nil {
		return t.tryWrite
	}
	return nil
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
// QueueMost is written before it returns instead. The queue is flushed at once
// when the stream is idle. A failed write is reported by a later call.
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

// Queue is SendBuffered for a caller that knows when more will come: it leaves the
// writing to a later Flush, unless a write's worth is queued already.
func (s *Sender) Queue(msg []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(msg) > copyMost && s.split != nil {
		return s.sendUncopied(msg)
	}
	if err := s.enqueue(msg); err != nil {
		return err
	}
	if s.unwritten() >= queueWorth {
		s.progress()
	}
	return nil
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
	for s.unwritten() > 0 && s.unwritten()+len(msg) > QueueMost && s.refusal() == nil {
		s.progress()
	}
	err := s.refusal()
	if err != nil {
		return err
	}
	s.queue, err = s.codec.AppendFrame(s.queue, msg)
	return err
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

// sendUncopied writes the queue and then msg from where it lies.
func (s *Sender) sendUncopied(msg []byte) error {
	s.blocked++
	defer func() { s.blocked-- }()
	for s.writing && s.refusal() == nil {
		s.free.Wait()
	}
	if err := s.refusal(); err != nil {
		return err
	}
	head, err := s.split.AppendHead(s.head[:0], msg)
	if err != nil {
		return err
	}
	headLen := len(head)
	s.head = s.split.AppendTail(head, msg)
	batch := s.batch
	queue, wait := s.begin()
	s.pieces = s.storage[:0]
	for _, piece := range [...][]byte{queue, s.head[:headLen], msg, s.head[headLen:]} {
		if len(piece) > 0 {
			s.pieces = append(s.pieces, piece)
		}
	}
	s.mu.Unlock()
	err = s.writePieces()
	s.mu.Lock()
	clear(s.storage[:])
	s.end(queue, wait, err)
	return s.await(batch)
}

func (s *Sender) writePieces() error {
	if s.vectors {
		_, err := s.pieces.WriteTo(s.w)
		return err
	}
	for _, piece := range s.pieces {
		if err := writeAll(s.w, piece); err != nil {
			return err
		}
	}
	return nil
}

// writeQueue writes the queue; nobody else is writing.
func (s *Sender) writeQueue() {
	queue, wait := s.begin()
	s.mu.Unlock()
	err := writeAll(s.w, queue)
	s.mu.Lock()
	s.end(queue, wait, err)
}

// writeAtOnce writes as much of the queue as the stream takes without blocking
// and leaves the rest to the flush goroutine.
func (s *Sender) writeAtOnce() {
	queue, wait := s.begin()
	s.mu.Unlock()
	n, err := s.try.tryWrite(queue)
	s.mu.Lock()
	s.lastWrite = time.Now()
	if err != nil || n == len(queue) {
		s.end(queue, wait, err)
		return
	}
	s.rest, s.restWait = queue[n:], wait
	s.startFlush()
}

// begin takes the queue as the batch to write.
func (s *Sender) begin() (queue []byte, wait []*waiter) {
	queue, wait = s.queue, s.wait
	s.queue, s.wait = s.spare[:0], s.woken[:0]
	s.spare, s.woken = nil, nil
	s.writing = true
	s.carried, s.taken = len(wait), len(queue)
	s.batch++
	return queue, wait
}

// end closes the batch whose frames were in queue. It unlocks s for a while: those
// who waited must not find the lock taken by the one who wakes them.
func (s *Sender) end(queue []byte, wait []*waiter, err error) {
	s.recycle(queue)
	s.writing = false
	s.carried, s.taken = 0, 0
	if err != nil {
		s.fail(err)
	} else {
		s.done = s.batch - 1
		s.free.Broadcast()
	}
	if len(wait) == 0 {
		s.woken = wait
		return
	}
	s.mu.Unlock()
	for i, w := range wait {
		w.written <- err
		wait[i] = nil
	}
	s.mu.Lock()
	s.woken = wait[:0]
}

// recycle keeps the buffer of a written batch for a later queue, unless the
// batches have become much smaller than it.
func (s *Sender) recycle(queue []byte) {
	s.largest = max(s.largest, len(queue))
	if s.batches++; s.batches == sparseBatches {
		if cap(queue) > max(4*s.largest, bufferKept) {
			queue = nil
		}
		s.largest, s.batches = 0, 0
	}
	s.spare = queue[:0]
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

func (s *Sender) startFlush() {
	s.flushing = true
	go s.flushLoop()
}

// flush writes the queue until it finds it empty.
func (s *Sender) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest, wait := s.rest, s.restWait; rest != nil {
		s.rest, s.restWait = nil, nil
		s.mu.Unlock()
		err := writeAll(s.w, rest)
		s.mu.Lock()
		s.end(rest, wait, err)
	}
	for yielded := false; s.err == nil; {
		switch {
		case len(s.queue) == 0 && yielded:
			s.flushing = false
			s.lastWrite = time.Now()
			return
		case len(s.queue) == 0: // those just woken may have more to send
			s.mu.Unlock()
			runtime.Gosched()
			s.mu.Lock()
			yielded = true
		case s.writing:
			s.free.Wait()
		default:
			s.writeQueue()
			yielded = false
		}
	}
	s.flushing = false
}

// writeAll is w.Write for writers that return a short count without an error.
func writeAll(w io.Writer, p []byte) error {
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}
