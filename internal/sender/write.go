package sender

import (
	"io"
	"runtime"
	"time"
)

// sendUncopied writes the queue and then msg from where it lies.
func (s *Sender) sendUncopied(msg []byte) error {
	s.blocked++
	defer func() { s.blocked-- }()
	if err := s.awaitTurn(); err != nil {
		return err
	}
	head, err := s.split.AppendHead(s.head[:0], msg)
	if err != nil {
		return err
	}
	headLen := len(head)
	s.head = s.split.AppendTail(head, msg)
	return s.writeBehindQueue(s.head[:headLen], msg, s.head[headLen:])
}

// awaitTurn returns when nobody writes.
func (s *Sender) awaitTurn() error {
	for s.writing && s.refusal() == nil {
		s.free.Wait()
	}
	return s.refusal()
}

// writeBehindQueue writes the queue and the parts, in one write where w takes
// several buffers; nobody else is writing.
func (s *Sender) writeBehindQueue(parts ...[]byte) error {
	batch := s.batch
	queue, wait := s.begin()
	s.pieces = s.storage[:0]
	if len(queue) > 0 {
		s.pieces = append(s.pieces, queue)
	}
	for _, part := range parts {
		if len(part) > 0 {
			s.pieces = append(s.pieces, part)
		}
	}
	s.mu.Unlock()
	err := s.writePieces()
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
