package pcap

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// The bounds of what waits for bytes before it. Beyond them these are lost.
const (
	maxHeldSegments = 4096     // of one direction
	maxHeldBytes    = 4 << 20  // of one direction
	maxHeld         = 64 << 20 // of the capture, with heldCost for each segment
	heldCost        = 128

	maxJump = 1 << 30 // bytes from one segment to the next
	maxFar  = 3       // segments in a row beyond it that are believed

	maxResetJump = 16 << 20 // bytes, as many as common receive windows have

	// Bytes that the receiver has acknowledged will not be sent again. They may
	// still follow in a capture that is slightly out of order.
	ackPackets = 16
	ackTime    = time.Second

	// Delivered bytes that are kept to compare what is sent again with them.
	recentLeast = 2 << 10
	recentMost  = 4 << 10
)

// A stream is one direction of a connection on its way to be whole.
type stream struct {
	known  bool   // next is
	joined bool   // the capture began after the stream; not told yet
	start  uint32 // sequence number of the first byte
	next   uint32 // of the first byte that was not delivered
	offset int64  // of that byte in the stream

	held      []span // what came early: sorted, apart from each other and from next
	heldBytes int

	finished bool // the position of the end is known
	fin      uint32
	ended    bool // the end was delivered

	ackWait  int       // packets since the other side acknowledged more than was delivered
	ackSince time.Time // the first of them
	ackNext  uint32    // next, then
	acked    uint32

	far int // segments in a row that are nowhere near

	recent []byte // last delivered bytes
}

// distance returns how far a is behind b; negative if it is before.
func distance(a, b uint32) int { return int(int32(a - b)) }

// begin sets where the stream starts.
func (s *stream) begin(seq uint32, joined bool) {
	s.known, s.joined = true, joined
	s.start, s.next = seq, seq
}

// resets reports whether a reset at seq is one. Receivers believe none from outside
// their window: somebody else may have sent it, who guesses.
func (s *stream) resets(seq uint32) bool {
	d := distance(seq, s.next)
	return !s.known || -maxResetJump < d && d < maxResetJump
}

// near reports whether a segment at seq can belong to the stream. A sequence number
// far away is an error, unless the next ones are there too: then the capture has a
// gap too large to measure.
func (r *Reader) near(c *connection, side int, seq uint32) bool {
	s := &c.streams[side]
	if d := distance(seq, s.next); -maxJump < d && d < maxJump {
		s.far = 0
		return true
	}
	if s.far++; s.far < maxFar {
		return false
	}
	r.finish(c, side)
	s.far, s.next, s.joined = 0, seq, true
	return true
}

// add takes a piece of the stream.
func (r *Reader) add(c *connection, side int, p *span) {
	s := &c.streams[side]
	if p.seq == s.next && len(s.held) == 0 { // nearly always
		r.deliver(c, side, p)
		return
	}
	r.sort(c, side, *p)
}

// sort takes a piece of the stream that comes early, or again.
func (r *Reader) sort(c *connection, side int, p span) {
	s := &c.streams[side]
	if old := -distance(p.seq, s.next); old > 0 {
		probe := old == 1 && p.len() == 1 // a keep-alive: any byte will do
		if !probe && !s.same(p) {
			r.stats.Differing++
		}
		if old >= p.len() {
			r.stats.Duplicate++
			return
		}
		p = p.from(old)
	}
	r.hold(s, p)
	r.release(c, side)
	for len(s.held) > maxHeldSegments || s.heldBytes > maxHeldBytes || len(s.held) > 0 && r.held > maxHeld {
		r.giveUp(c, side)
	}
}

// same reports whether p, which starts before next, has the bytes that were
// delivered, as far as they are remembered.
func (s *stream) same(p span) bool {
	old := -distance(p.seq, s.next)
	if old > len(s.recent) {
		if old-len(s.recent) >= p.len() {
			return true
		}
		p = p.from(old - len(s.recent))
		old = len(s.recent)
	}
	sent := s.recent[len(s.recent)-old:]
	n := min(len(sent), len(p.data))
	return bytes.Equal(sent[:n], p.data[:n])
}

// hold keeps what of p is not held yet. The bytes that came first count.
func (r *Reader) hold(s *stream, p span) {
	i, found := slices.BinarySearchFunc(s.held, p.seq, func(h span, seq uint32) int { return cmp.Compare(distance(h.seq, seq), 0) })
	if !found && i > 0 {
		i-- // it may reach into p
	}
	late := len(s.held) > 0 && distance(s.held[len(s.held)-1].seq, p.seq) > 0
	differing, duplicate := false, true
	for ; p.len() > 0; i++ {
		if i == len(s.held) {
			r.insert(s, i, p)
			duplicate = false
			break
		}
		h := s.held[i]
		if before := distance(h.seq, p.seq); before > 0 {
			n := min(before, p.len())
			r.insert(s, i, p.first(n))
			p, duplicate = p.from(n), false
			continue
		}
		over := min(distance(h.end(), p.seq), p.len())
		if over <= 0 {
			continue
		}
		mine := p.first(over)
		theirs := h.from(distance(p.seq, h.seq)).first(over)
		n := min(len(mine.data), len(theirs.data))
		differing = differing || !bytes.Equal(mine.data[:n], theirs.data[:n])
		p = p.from(over)
	}
	if differing {
		r.stats.Differing++
	}
	if duplicate {
		r.stats.Duplicate++
	} else if late {
		r.stats.OutOfOrder++
	}
}

func (r *Reader) insert(s *stream, i int, p span) {
	p.data = bytes.Clone(p.data)
	s.held = slices.Insert(s.held, i, p)
	s.heldBytes += len(p.data)
	r.held += len(p.data) + heldCost
}

// release delivers what has waited for the bytes before it.
func (r *Reader) release(c *connection, side int) {
	s := &c.streams[side]
	n := 0
	for ; n < len(s.held) && s.held[n].seq == s.next; n++ {
		p := &s.held[n]
		s.heldBytes -= len(p.data)
		r.held -= len(p.data) + heldCost
		r.deliver(c, side, p)
	}
	if n > 0 {
		s.held = slices.Delete(s.held, 0, n)
	}
	if len(s.held) == 0 {
		s.held = nil
	}
}

// deliver tells the piece that comes next.
func (r *Reader) deliver(c *connection, side int, p *span) {
	s := &c.streams[side]
	if s.joined {
		s.joined = false
		r.lost(c, side, 0, NoStart)
	}
	if n := len(p.data); n > 0 {
		r.data(c, side, p.data)
		s.remember(p.data)
		s.next += uint32(n)
		s.offset += int64(n)
	}
	if p.cut > 0 {
		r.lost(c, side, p.cut, Cut)
	}
}

func (s *stream) remember(data []byte) {
	if len(data) >= recentLeast {
		s.recent = append(s.recent[:0], data[len(data)-recentLeast:]...)
		return
	}
	if len(s.recent)+len(data) > recentMost {
		s.recent = append(s.recent[:0], s.recent[len(s.recent)-recentLeast:]...)
	}
	s.recent = append(s.recent, data...)
}

// waits reports whether something known stands behind bytes that did not come.
func (s *stream) waits() bool {
	return len(s.held) > 0 || s.finished && !s.ended && distance(s.fin, s.next) > 0
}

// giveUp takes the bytes that s waits for as lost.
func (r *Reader) giveUp(c *connection, side int) {
	s := &c.streams[side]
	to := s.fin
	if len(s.held) > 0 {
		to = s.held[0].seq
	}
	r.lost(c, side, distance(to, s.next), Missing)
	r.release(c, side)
}

// acknowledged takes the other side's word that it has all bytes before ack.
func (s *stream) acknowledged(ack uint32, now time.Time) {
	if !s.known || distance(ack, s.next) <= 0 {
		s.ackWait = 0
		return
	}
	if s.ackWait == 0 || s.ackNext != s.next { // some has come since: it is only out of order
		s.ackWait, s.ackSince, s.ackNext = 0, now, s.next
	}
	s.ackWait++
	s.acked = ack
}

// due reports whether overdue or end may have something to do.
func (s *stream) due() bool { return s.finished || s.ackWait > 0 }

// overdue gives up bytes that the receiver has had for a while.
func (r *Reader) overdue(c *connection, side int) {
	s := &c.streams[side]
	for s.ackWait > 0 && s.waits() && distance(s.acked, s.next) > 0 &&
		(s.ackWait > ackPackets || r.now.Sub(s.ackSince) > ackTime) {
		r.giveUp(c, side)
	}
}

// finish gives up whatever s still waits for.
func (r *Reader) finish(c *connection, side int) {
	s := &c.streams[side]
	for s.waits() {
		r.giveUp(c, side)
	}
	s.recent = nil
}

// end tells the end of the stream once everything before it was delivered.
func (r *Reader) end(c *connection, side int) {
	s := &c.streams[side]
	if s.finished && !s.ended && distance(s.fin, s.next) <= 0 {
		s.ended = true
		s.recent = nil
		r.closing(c, side, "eof")
	}
}
