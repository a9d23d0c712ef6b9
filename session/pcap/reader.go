// Package pcap turns captures of packets into the events of TCP connections, and
// events into captures.
//
// A [Reader] reads pcap and pcapng, in either byte order, from a file or from a
// pipe that is still written to. It puts the segments of each direction of each
// connection in order and returns, as the packets come, what package session
// knows: [session.Open], [session.Read] with the next bytes of a direction,
// [session.Lost] where bytes were not captured, and [session.Close].
//
// It reads IPv4 and IPv6 on Ethernet (also with VLAN tags), loopback, Linux cooked
// captures and bare IP. Checksums are not judged: where the network card makes
// them they are not captured yet. IP packets that came in fragments are put together;
// fragments of those that stay incomplete are counted and passed over.
//
// Memory does not grow with the capture. What came early waits for the bytes
// before it, up to 4 MiB or 4096 segments in a direction and 64 MiB in all; 16384
// connections can be open at once, and 64 IP packets be in pieces. Bytes are lost when a bound is reached, when the
// receiver has acknowledged them and 16 more of its packets or a second have
// passed, or when the connection or the capture is at its end.
package pcap

import (
	"io"
	"iter"
	"slices"
	"time"

	"github.com/chancat/channel/session"
)

// The reasons of a [session.Lost] event.
const (
	Missing = "missing" // segments were not captured
	Cut     = "cut"     // the capture has only the start of a packet
	NoStart = "no-syn"  // the capture began after the stream; N is 0, and not known
)

// Options configures a Reader. A nil *Options means all defaults.
type Options struct {
	Port uint16 // read only connections with this port at either end; 0 means all
}

// Stats count what a Reader has seen so far.
type Stats struct {
	Packets    int64 // all that were captured
	Segments   int64 // of TCP, and of the wanted port
	OutOfOrder int64 // segments that came behind later bytes
	Duplicate  int64 // segments all of whose bytes had come
	Differing  int64 // segments that sent other bytes again; the first count
	Lost       int64 // bytes
	Late       int64 // segments with new bytes of a connection that was reset, passed over
	Cut        int64 // packets that are shorter in the capture than on the wire
	Fragments  int64 // of IP packets that never were whole, passed over
	Damaged    int64 // packets whose headers cannot be, passed over
	Unread     int64 // packets of other link types, passed over
	UnreadLink int   // the last of these link types
	GivenUp    int64 // connections that were open when there were too many
}

// A Reader reads the events of a capture. Connections count from 1 in the order of
// their first packet. The client is the side that sent the SYN, else the one with
// the higher port. A Reader is not safe for concurrent use.
type Reader struct {
	window window
	file   file
	port   uint16
	stats  Stats
	packet packet // at hand, and what it carries
	tcp    segment
	pieces fragments // of packets that are not whole
	now    time.Time // of it
	err    error     // sticky

	byFlow      map[flow]half
	open, shut  list
	last        *connection // that the last packet belonged to
	connections int
	held        int // bytes that wait, with their cost

	queue  []session.Event // not returned yet, from queued on
	queued int
	rest   []*connection // at the end of the capture: to be finished
}

// NewReader returns a Reader of the capture src.
func NewReader(src io.Reader, o *Options) *Reader {
	r := &Reader{window: newWindow(src), byFlow: map[flow]half{}}
	if o != nil {
		r.port = o.Port
	}
	return r
}

// Next returns the next event; it and its Data are borrowed until the next call.
// Its Time is that of the packet that completed it. At the end of the capture the
// error is io.EOF. A capture that is cut short or malformed is an [*Error], which
// comes behind all events that it holds; it is returned again by every later call.
func (r *Reader) Next() (*session.Event, error) {
	if r.queued == len(r.queue) {
		r.queue, r.queued = r.queue[:0], 0
		if err := r.advance(); err != nil {
			return nil, err
		}
	}
	r.queued++
	return &r.queue[r.queued-1], nil
}

// Events returns the remaining events, each borrowed until the next. The end of the
// capture ends the loop; any other error is yielded once, as the last pair.
func (r *Reader) Events() iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		for {
			e, err := r.Next()
			if err == io.EOF {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Stats returns the counts so far.
func (r *Reader) Stats() Stats { return r.stats }

// advance reads packets until there are events.
func (r *Reader) advance() error {
	for len(r.queue) == 0 {
		if r.err == nil {
			if err := r.next(); err != nil {
				r.stop(err)
			}
			continue
		}
		if len(r.rest) == 0 {
			return r.err
		}
		c := r.rest[0]
		r.rest = r.rest[1:]
		r.finish(c, client)
		r.end(c, client)
		r.finish(c, server)
		r.end(c, server)
	}
	return nil
}

// stop notes why no more packets come, and what is left to be told.
func (r *Reader) stop(err error) {
	if err == io.EOF {
		r.err = io.EOF
	} else {
		r.err = &Error{Packet: r.stats.Packets, Offset: r.window.offset, Err: err}
	}
	for c := r.open.first; c != nil; c = c.after {
		r.rest = append(r.rest, c)
	}
	slices.SortFunc(r.rest, func(a, b *connection) int { return a.number - b.number })
}

// next takes in the next packet.
func (r *Reader) next() (err error) {
	if r.file == nil {
		if r.file, err = open(&r.window); err != nil {
			return err
		}
	}
	if err := r.file.next(&r.window, &r.packet); err != nil {
		return err
	}
	r.stats.Packets++
	g := &r.tcp
	if g.parse(&r.packet, &r.pieces, &r.stats) && (r.port == 0 || g.srcPort == r.port || g.dstPort == r.port) {
		r.stats.Segments++
		r.segment(g)
	}
	return nil
}

func (r *Reader) segment(g *segment) {
	r.now = g.time
	h, ok := r.find(g)
	if ok && h.again(h.side, g) {
		r.abandon(h.connection, "port-reused")
		r.forget(h.connection)
		ok = false
	}
	if !ok {
		if g.flags&(flagFIN|flagRST) != 0 && g.len() == 0 {
			return // of a connection that is over
		}
		h = r.connect(g)
	}
	c, side := h.connection, h.side
	s := &c.streams[side]
	if c.closed {
		if g.len() > 0 && s.known && distance(g.end(), s.next) > 0 {
			r.stats.Late++
		}
		return
	}
	if g.flags&flagRST != 0 {
		if s.resets(g.seq) {
			r.reset(c, side)
		}
		return
	}
	if !s.known {
		s.begin(g.span.seq, g.flags&flagSYN == 0)
	}
	if other := &c.streams[1-side]; !other.known && g.flags&flagSYN != 0 && g.flags&flagACK != 0 {
		other.begin(g.ack, false)
	}
	if !s.ended && r.near(c, side, g.span.seq) {
		if g.len() > 0 {
			r.add(c, side, &g.span)
		}
		if g.flags&flagFIN != 0 && !s.finished && distance(g.end(), s.next) >= 0 {
			s.finished, s.fin = true, g.end()
		}
	}
	if g.flags&flagACK != 0 {
		c.streams[1-side].acknowledged(g.ack, g.time)
	}
	if !c.streams[client].due() && !c.streams[server].due() { // nearly always
		return
	}
	for side := range sides {
		r.overdue(c, side)
		r.end(c, side)
	}
	if c.streams[client].ended && c.streams[server].ended {
		r.retire(c)
	}
}

// reset ends c by the word of one side.
func (r *Reader) reset(c *connection, side int) {
	r.finish(c, client)
	r.finish(c, server)
	r.closing(c, side, "reset")
	r.retire(c)
}

// slot is a place at the end of the queue, with what was there before.
func (r *Reader) slot() *session.Event {
	n := len(r.queue)
	if n == cap(r.queue) {
		r.queue = append(r.queue, session.Event{})
	}
	r.queue = r.queue[:n+1]
	return &r.queue[n]
}

func (r *Reader) event(e session.Event) {
	e.Time = r.now
	*r.slot() = e
}

func (r *Reader) opening(c *connection) {
	r.event(session.Event{Kind: session.Open, Conn: c.number, Local: c.flows[client].source(), Remote: c.flows[server].source()})
}

// data tells of bytes that came. An event is large: where the place had such a one
// before, only what differs is written.
func (r *Reader) data(c *connection, side int, data []byte) {
	e := r.slot()
	if e.Kind != session.Read {
		*e = session.Event{Kind: session.Read}
	}
	e.Time, e.Conn, e.From, e.N, e.Data = r.now, c.number, sides[side], len(data), data
}

func (r *Reader) lost(c *connection, side, n int, reason string) {
	r.stats.Lost += int64(n)
	s := &c.streams[side]
	r.event(session.Event{Kind: session.Lost, Conn: c.number, From: sides[side], Offset: s.offset, N: n, Reason: reason})
	s.next += uint32(n)
	s.offset += int64(n)
	s.recent = s.recent[:0] // it is not behind these any more
}

func (r *Reader) closing(c *connection, side int, reason string) {
	r.event(session.Event{Kind: session.Close, Conn: c.number, From: sides[side], Reason: reason})
}
