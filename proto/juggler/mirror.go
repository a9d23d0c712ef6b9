package juggler

import (
	"sync"
	"time"
)

// A mirror sends the changes of one state to connections. A change is compared and
// encoded once, however many there are.
//
// Its lock may be held while the outbox of a connection is locked, never the other
// way round.
type mirror struct {
	state *State
	delay time.Duration // or FlushEachChange, FlushByHand

	mu       sync.Mutex           // guards what follows
	sent     any                  // what the messages sent so far make of null
	snapshot *payload             // of sent; nil until somebody needs it
	members  map[*Connection]bool // true: behind, it needs the snapshot
	timer    *time.Timer
	armed    bool
	closed   bool
}

func newMirror(s *State, delay time.Duration) *mirror {
	m := &mirror{state: s, delay: delay, members: map[*Connection]bool{}}
	s.watch(m)
	if delay != FlushByHand {
		m.mu.Lock()
		m.sent = s.tree() // those who join get it as a whole
		m.mu.Unlock()
	}
	return m
}

// changed is called after each change of the state.
func (m *mirror) changed() {
	switch m.delay {
	case FlushEachChange:
		m.flush()
	case FlushByHand:
	default:
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.armed || m.closed {
			return
		}
		m.armed = true
		if m.timer == nil {
			m.timer = time.AfterFunc(m.delay, m.flush)
		} else {
			m.timer.Reset(m.delay)
		}
	}
}

// flush sends what has changed.
func (m *mirror) flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.armed = false
	if m.closed {
		return
	}
	now := m.state.tree()
	change := newDiff(m.sent, now)
	if change == nil {
		return
	}
	m.sent, m.snapshot = now, nil
	for c, behind := range m.members {
		// One that cannot keep up gets no more changes, but the whole state once it
		// has read what is queued for it.
		if !behind && !c.link.out.offer(change) {
			m.members[c] = true
		}
	}
}

// join makes c a mirror of the state too.
func (m *mirror) join(c *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.members[c] = m.sent != nil && !c.link.out.offer(m.whole())
}

// catchUp is called when c has sent all that it had to send.
func (m *mirror) catchUp(c *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.members[c] {
		m.members[c] = !c.link.out.offer(m.whole())
	}
}

func (m *mirror) whole() *payload {
	if m.snapshot == nil {
		m.snapshot = newSnapshot(m.sent)
	}
	return m.snapshot
}

func (m *mirror) leave(c *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.members, c)
}

func (m *mirror) close() {
	m.state.unwatch(m)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.timer != nil {
		m.timer.Stop()
	}
}
