// Package sender writes frames to a stream on behalf of many goroutines.
//
// Whoever finds the stream free writes; senders that come while it is being
// written queue their frames in memory, and the next writer takes all of them in
// one write. No timer is involved, so an idle stream adds no latency and a busy
// one turns many small sends into few writes.
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

	// A SendBuffered within this time of the last write is part of a stream: a
	// goroutine takes over the writing and lets it run ahead.
	hotWindow = 1500 * time.Nanosecond

	// A buffer that this many batches left mostly empty is given up.
	sparseBatches = 64
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

	mu   sync.Mutex // guards all below, and is never held during a write
	wake sync.Cond  // a write has ended, or err is set

	queue []byte // frames that nobody is writing yet
	spare []byte // the buffer of the last write, for the next queue
	batch uint64 // number of the write that will take the queue
	done  uint64 // number of the last write that ended

	writing  bool // somebody writes; only that goroutine touches rest, head, pieces
	flushing bool // the flush goroutine runs
	callers  int  // calls that a write is holding up: their own, or somebody's before it
	rest     []byte
	head     []byte
	pieces   net.Buffers
	storage  [4][]byte

	lastWrite time.Time // end of the last write of buffered frames
	flushLoop func()    // s.flush, made once so that starting it allocates nothing
	largest   int       // largest of the last batches, in bytes
	batches   int       // batches since largest was reset
	err       error
}

// New returns a Sender of frames of c to w.
func New(w io.Writer, c frame.Codec) *Sender {
	s := &Sender{w: w, codec: c, try: newTryWriter(w), batch: 1}
	s.split, _ = c.(frame.Splitter)
	switch w.(type) {
	case *net.TCPConn, *net.UnixConn:
		s.vectors = true
	}
	s.wake.L = &s.mu
	s.flushLoop = s.flush
	return s
}

// Send writes msg as one frame and returns when the bytes are with the stream.
func (s *Sender) Send(msg []byte) error {
	s.mu.Lock()
	defer s.leave()
	if len(msg) > copyMost && s.split != nil {
		return s.sendUncopied(msg)
	}
	if err := s.enqueue(msg); err != nil {
		return err
	}
	return s.await(s.batch)
}

// SendBuffered queues msg as one frame and returns before it is written, unless
// more than QueueMost bytes would then be queued. It copies msg; a body above
// QueueMost is written before it returns instead. The queue is flushed at once
// when the stream is idle. A failed write is reported by a later call.
func (s *Sender) SendBuffered(msg []byte) error {
	s.mu.Lock()
	defer s.leave()
	if len(msg) > QueueMost && s.split != nil {
		return s.sendUncopied(msg)
	}
	if err := s.enqueue(msg); err != nil {
		return err
	}
	if !s.writing && !s.flushing && s.try != nil && time.Since(s.lastWrite) > hotWindow {
		s.writeAtOnce()
		return s.err
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
	err := s.flushed()
	s.fail(reason)
	return err
}

// Stop is Finish for a stream that may be stuck: what is queued gets up to limit
// to be written, then abort is called, which must make a blocked write return.
// Where a caller is blocked already, nothing is waited for.
func (s *Sender) Stop(reason error, limit time.Duration, abort func() error) {
	s.mu.Lock()
	defer s.leave()
	if s.callers == 0 && s.err == nil && (s.writing || len(s.queue) > 0) {
		timer := time.AfterFunc(limit, func() { abort() })
		s.flushed()
		timer.Stop()
	}
	s.fail(reason)
}

// leave unlocks s and makes sure that somebody sees to the queue: whoever writes,
// a call that is held up, or the flush goroutine.
func (s *Sender) leave() {
	if len(s.queue) > 0 && !s.writing && !s.flushing && s.callers == 0 && s.err == nil {
		s.startFlush()
	}
	s.mu.Unlock()
}

// enqueue appends the frame of msg to the queue, once there is room.
func (s *Sender) enqueue(msg []byte) error {
	for len(s.queue) > 0 && len(s.queue)+len(msg) > QueueMost && s.err == nil {
		s.progress()
	}
	if s.err != nil {
		return s.err
	}
	var err error
	s.queue, err = s.codec.AppendFrame(s.queue, msg)
	return err
}

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

// sendUncopied writes the queue and then msg from where it lies.
func (s *Sender) sendUncopied(msg []byte) error {
	s.callers++
	defer func() { s.callers-- }()
	for s.writing && s.err == nil {
		s.wake.Wait()
	}
	if s.err != nil {
		return s.err
	}
	head, err := s.split.AppendHead(s.head[:0], msg)
	if err != nil {
		return err
	}
	headLen := len(head)
	s.head = s.split.AppendTail(head, msg)
	batch := s.batch
	queue := s.begin()
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
	s.end(queue, err)
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
	queue := s.begin()
	s.mu.Unlock()
	err := writeAll(s.w, queue)
	s.mu.Lock()
	s.end(queue, err)
}

// writeAtOnce writes as much of the queue as the stream takes without blocking
// and leaves the rest to the flush goroutine.
func (s *Sender) writeAtOnce() {
	queue := s.begin()
	s.mu.Unlock()
	n, err := s.try.tryWrite(queue)
	s.mu.Lock()
	if err != nil || n == len(queue) {
		s.end(queue, err)
		s.lastWrite = time.Now()
		return
	}
	s.rest = queue[n:]
	s.startFlush()
}

// begin takes the queue as the batch to write.
func (s *Sender) begin() []byte {
	queue := s.queue
	s.queue = s.spare[:0]
	s.spare = nil
	s.writing = true
	s.batch++
	return queue
}

// end closes the batch whose frames were in queue.
func (s *Sender) end(queue []byte, err error) {
	s.recycle(queue)
	s.writing = false
	if err != nil {
		s.fail(err)
		return
	}
	s.done = s.batch - 1
	s.wake.Broadcast()
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

func (s *Sender) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.wake.Broadcast()
}

// progress lets one write happen: the one under way, or that of the queue.
func (s *Sender) progress() {
	s.callers++
	if s.writing {
		s.wake.Wait()
	} else {
		s.writeQueue()
	}
	s.callers--
}

func (s *Sender) startFlush() {
	s.flushing = true
	go s.flushLoop()
}

// flush writes the queue until it finds it empty.
func (s *Sender) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest := s.rest; rest != nil { // a batch that writeAtOnce began
		s.rest = nil
		s.mu.Unlock()
		err := writeAll(s.w, rest)
		s.mu.Lock()
		s.end(rest, err)
	}
	for len(s.queue) > 0 && s.err == nil {
		if s.writing {
			s.wake.Wait()
		} else {
			s.writeQueue()
		}
	}
	s.flushing = false
	s.lastWrite = time.Now()
}

// writeAll is w.Write for writers that return a short count without an error.
func writeAll(w io.Writer, p []byte) error {
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}
