package detect

const (
	deciderFirst = 8       // bytes after which deciding is tried first
	deciderMost  = 1 << 20 // bytes of one stream that are held

	// Deciding is tried again when there is this part more: what comes byte by
	// byte must not cost the square of it.
	deciderMore = 4
)

// A Decider decides the framing of streams that come piece by piece. The zero value
// is ready. It holds what came, at most 1 MiB of each stream. It is not safe for
// concurrent use.
type Decider struct {
	streams []Stream
	held    int // bytes
	next    int // bytes at which deciding is worth a try
}

// Add takes bytes that the side from of connection conn has sent, and copies them.
func (d *Decider) Add(conn int, from Side, p []byte) {
	s := d.stream(conn, from)
	n := min(len(p), deciderMost-len(s.Data))
	s.Data = append(s.Data, p[:n]...)
	d.held += n
}

// End tells that a stream has ended.
func (d *Decider) End(conn int, from Side) {
	s := d.stream(conn, from)
	s.Ended = len(s.Data) < deciderMost
	d.next = 0
}

func (d *Decider) stream(conn int, from Side) *Stream {
	for i := range d.streams {
		if s := &d.streams[i]; s.Conn == conn && s.From == from {
			return s
		}
	}
	d.streams = append(d.streams, Stream{Conn: conn, From: from})
	return &d.streams[len(d.streams)-1]
}

// Decide returns what can be said by now. It reports false, at no cost, where too
// little has come since it was asked last.
func (d *Decider) Decide() (Answer, bool) {
	if d.held < max(d.next, deciderFirst) {
		return Answer{}, false
	}
	d.next = d.held + 1 + d.held/deciderMore
	return Detect(d.streams), true
}

// Streams returns what is held. It is borrowed until the next Add.
func (d *Decider) Streams() []Stream { return d.streams }
