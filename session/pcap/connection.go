package pcap

import "github.com/chancat/channel/session"

const (
	maxConnections = 16384 // open at once; beyond it the one that was silent longest is given up
	maxClosed      = 1024  // that are remembered for what of them comes late
)

const (
	client = iota
	server
)

var sides = [...]session.Side{client: session.Client, server: session.Server}

// A connection is two streams.
type connection struct {
	number  int
	flows   [2]flow // by the side that sends
	streams [2]stream
	closed  bool

	before, after *connection // in a list
}

// A half is one direction of a connection.
type half struct {
	*connection
	side int
}

// find returns the direction of g; false if it belongs to no connection.
func (r *Reader) find(g *segment) (half, bool) {
	if c := r.last; c != nil { // nearly always
		if g.same(&c.flows[client]) {
			return half{c, client}, true
		}
		if g.same(&c.flows[server]) {
			return half{c, server}, true
		}
	}
	h, ok := r.byFlow[g.flow]
	if ok {
		r.last = h.connection
		if !h.closed {
			r.open.remove(h.connection)
			r.open.add(h.connection)
		}
	}
	return h, ok
}

// connect starts the connection that g is the first packet of.
func (r *Reader) connect(g *segment) half {
	side := client
	switch {
	case g.flags&(flagSYN|flagACK) == flagSYN|flagACK:
		side = server
	case g.flags&flagSYN == 0 && g.dstPort > g.srcPort:
		side = server
	}
	r.connections++
	c := &connection{number: r.connections}
	c.flows[side], c.flows[1-side] = g.flow, g.flow.reverse()
	r.byFlow[c.flows[client]] = half{c, client}
	r.byFlow[c.flows[server]] = half{c, server}
	r.open.add(c)
	r.last = c
	if r.open.n > maxConnections {
		old := r.open.first
		r.stats.GivenUp++
		r.abandon(old, "given-up")
		r.forget(old)
	}
	r.opening(c)
	return half{c, side}
}

// again reports whether g belongs to another connection than c, between the same
// ends.
func (c *connection) again(side int, g *segment) bool {
	s := &c.streams[side]
	switch {
	case g.flags&flagSYN != 0:
		return s.known && s.start != g.span.seq && (c.closed || g.flags&flagACK == 0)
	case c.closed:
		return g.flags&flagRST == 0 && g.len() > 0 && s.known && distance(g.span.seq, s.next) > 1 // 1: the FIN
	}
	return false
}

// abandon ends a connection of which the capture does not show the end.
func (r *Reader) abandon(c *connection, reason string) {
	if c.closed {
		return
	}
	r.finish(c, client)
	r.finish(c, server)
	r.event(session.Event{Kind: session.Close, Conn: c.number, Reason: reason})
	r.retire(c)
}

// retire keeps only the knowledge that c is closed.
func (r *Reader) retire(c *connection) {
	c.closed = true
	r.open.remove(c)
	r.shut.add(c)
	if r.shut.n > maxClosed {
		r.forget(r.shut.first)
	}
}

// forget takes c for a connection that never was.
func (r *Reader) forget(c *connection) {
	if c.closed {
		r.shut.remove(c)
	} else {
		r.open.remove(c)
	}
	for _, f := range c.flows {
		if r.byFlow[f].connection == c {
			delete(r.byFlow, f)
		}
	}
	if r.last == c {
		r.last = nil
	}
}

// A list is connections in the order of their last packet.
type list struct {
	first, last *connection
	n           int
}

func (l *list) add(c *connection) {
	c.before, c.after = l.last, nil
	if l.last == nil {
		l.first = c
	} else {
		l.last.after = c
	}
	l.last = c
	l.n++
}

func (l *list) remove(c *connection) {
	if c.before == nil {
		l.first = c.after
	} else {
		c.before.after = c.after
	}
	if c.after == nil {
		l.last = c.before
	} else {
		c.after.before = c.before
	}
	c.before, c.after = nil, nil
	l.n--
}
