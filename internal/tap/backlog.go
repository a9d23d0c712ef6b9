package tap

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/session"
)

const (
	// DefaultBudget is what all connections of a tap may hold, in bytes, of what
	// was read and not decoded yet.
	DefaultBudget = 64 << 20

	// share is how many times what is left of the budget one connection may have: as
	// many as are busy get like parts, and one alone most of it.
	share = 4

	// shareFrom is the size in bytes from which a read is not copied but shared
	// between who writes it and who decodes it.
	shareFrom = 32 << 10

	// entryCost is what an entry of the backlog costs besides its bytes.
	entryCost = 96

	keepMost = 16 << 10 // bytes of buffers that an idle connection keeps

	// A connection is idle when nothing has come for so long. It lets go of blocks
	// then, and not before: a message may be under way.
	idleAfter = 50 * time.Millisecond

	// What is read is decoded after a moment, in which more may come: to start a
	// goroutine for each of many small messages takes longer than to forward them.
	// So much in bytes does not wait.
	moment    = time.Millisecond
	momentous = 128 << 10
)

// A Budget bounds the memory in bytes of what waits to be decoded. Any number of
// connections may share one.
type Budget struct {
	most int64
	used atomic.Int64
}

// NewBudget returns a budget of most bytes; 0 means DefaultBudget.
func NewBudget(most int64) *Budget {
	if most == 0 {
		most = DefaultBudget
	}
	return &Budget{most: most}
}

// An entry is something that happened, in the order of time.
type entry struct {
	kind   kind
	side   int
	at     time.Time
	n      int            // bytes read, or lost
	b      *block         // that has them; nil where they are copied
	shared []byte         // those bytes, in b
	ev     *session.Event // told as it is
}

type kind uint8

const (
	bytesRead   kind = iota
	messageRead      // by a transport that frames by itself
	bytesLost        // and not decoded
	streamEnded      // for the reason of ev
	otherEvent       // ev
)

// A backlog is what was read of a connection and not decoded yet. Who forwards
// adds to it and never waits; one goroutine at a time, which runs only while there
// is something, decodes it.
type backlog struct {
	t       *tapped
	decoder *decoder

	mu      sync.Mutex // guards the rest, and the order of time
	entries []entry
	copied  []byte // bytes of small reads
	held    int64  // of the budget
	behind  [2]bool
	missed  [2]int64 // bytes lost since the last that were kept
	lost    [2]int64 // all
	running bool
	stopped sync.Cond   // running has become false
	timer   *time.Timer // starts run
	armed   bool        // timer is
	closed  bool        // nothing is observed any more

	spareEntries []entry
	spareCopied  []byte
}

func newBacklog(t *tapped) *backlog {
	b := &backlog{t: t}
	b.stopped.L = &b.mu
	b.decoder = newDecoder(t)
	return b
}

func (b *backlog) watched() bool { return b.t.o.Observe != nil }

func (b *backlog) open(client, server *endpoint.Conn) {
	b.tell(&session.Event{
		Kind: session.Open, Local: client.Remote, Remote: server.Remote, Framing: b.t.o.Framing.Spelling,
	})
	b.wake()
}

// add keeps the n bytes of r, which have just been read. It is called before they
// are written: an answer must not be read first.
func (b *backlog) add(side int, r *block, n int) {
	if !b.watched() {
		return
	}
	data := r.free()[:n]
	shared := n >= shareFrom
	cost := int64(entryCost)
	switch {
	case !shared:
		cost += int64(n)
	case r.used == 0:
		cost += int64(len(r.bytes)) // all that is read into it
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.room(side, n, cost) {
		return
	}
	e := entry{kind: bytesRead, side: side, n: n}
	if shared {
		r.retain()
		r.used += n
		e.b, e.shared = r, data
	} else {
		b.copied = append(b.copied, data...)
	}
	e.at = time.Now()
	b.push(e, cost)
}

// addMessage keeps a message of a transport that frames by itself.
func (b *backlog) addMessage(side int, msg []byte) {
	if !b.watched() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	cost := int64(entryCost + len(msg))
	if !b.room(side, len(msg), cost) {
		return
	}
	b.copied = append(b.copied, msg...)
	b.push(entry{kind: messageRead, side: side, at: time.Now(), n: len(msg)}, cost)
}

// room reports whether cost bytes may be kept; if not, n bytes of the stream are
// lost. Who has fallen behind catches up by half first: better one long gap than
// many. b.mu is held.
func (b *backlog) room(side, n int, cost int64) bool {
	budget := b.t.o.Budget
	left := budget.most - budget.used.Load() - cost
	most := left * share
	if b.behind[side] {
		most /= 4
	}
	if left < 0 || b.held+cost > most {
		b.behind[side] = true
		b.missed[side] += int64(n)
		b.lost[side] += int64(n)
		return false
	}
	b.caughtUp(side)
	return true
}

// caughtUp tells what was lost. b.mu is held.
func (b *backlog) caughtUp(side int) {
	b.behind[side] = false
	if n := b.missed[side]; n > 0 {
		b.missed[side] = 0
		b.push(entry{kind: bytesLost, side: side, at: time.Now(), n: int(n)}, entryCost)
	}
}

// push appends e, which costs so many bytes of the budget. b.mu is held.
func (b *backlog) push(e entry, cost int64) {
	b.entries = append(b.entries, e)
	b.held += cost
	b.t.o.Budget.used.Add(cost)
}

// ended tells that a side has ended its stream.
func (b *backlog) ended(side int, reason string) {
	if !b.watched() {
		return
	}
	b.mu.Lock()
	b.caughtUp(side)
	b.push(entry{kind: streamEnded, side: side, at: time.Now(), ev: &session.Event{Kind: session.Close, Reason: reason}}, entryCost)
	b.mu.Unlock()
	b.wake()
}

// tell adds an event that is about no bytes.
func (b *backlog) tell(ev *session.Event) {
	if !b.watched() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.push(entry{kind: otherEvent, at: time.Now(), ev: ev}, entryCost+int64(len(ev.Data)))
}

// wake sees that the backlog is decoded, in a moment.
func (b *backlog) wake() {
	if !b.watched() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed || b.running || len(b.entries) == 0:
	case b.held >= momentous:
		b.running = true
		go b.run()
	case !b.armed:
		b.armed = true
		b.startAfter(moment)
	}
}

// startAfter has start called after d. b.mu is held.
func (b *backlog) startAfter(d time.Duration) {
	if b.timer == nil {
		b.timer = time.AfterFunc(d, b.start)
		return
	}
	b.timer.Reset(d)
}

// start decodes unless that is being done.
func (b *backlog) start() {
	b.mu.Lock()
	b.armed = false
	run := !b.closed && !b.running
	idle := len(b.entries) == 0
	b.running = b.running || run
	b.mu.Unlock()
	if run {
		if idle {
			b.letGo()
		}
		b.run()
	}
}

// run decodes until nothing is left.
func (b *backlog) run() {
	for {
		b.mu.Lock()
		entries, copied, held := b.entries, b.copied, b.held
		if len(entries) == 0 {
			b.mu.Unlock()
			if b.t.o.Idle != nil {
				b.t.o.Idle()
			}
			b.mu.Lock()
			if len(b.entries) > 0 {
				b.mu.Unlock()
				continue
			}
			b.running = false
			b.trim()
			if !b.closed && b.holds() {
				b.armed = false // what comes now does not wait so long
				b.startAfter(idleAfter)
			}
			b.stopped.Broadcast()
			b.mu.Unlock()
			return
		}
		b.entries, b.copied = b.spareEntries, b.spareCopied
		b.spareEntries, b.spareCopied = nil, nil
		b.mu.Unlock()
		b.decoder.take(entries, copied)
		clear(entries)
		b.mu.Lock()
		b.held -= held
		b.t.o.Budget.used.Add(-held)
		b.spareEntries, b.spareCopied = entries[:0], copied[:0]
		b.mu.Unlock()
	}
}

// holds reports whether there are blocks to let go of.
func (b *backlog) holds() bool {
	for side, h := range b.t.halves {
		if s := b.decoder.streams[side]; h.blocks.spare.Load() != nil || s != nil && s.window.block != nil {
			return true
		}
	}
	return false
}

// letGo lets go of blocks and buffers.
func (b *backlog) letGo() {
	b.mu.Lock()
	b.spareCopied, b.spareEntries = nil, nil
	if len(b.entries) == 0 {
		b.entries, b.copied = nil, nil
	}
	b.mu.Unlock()
	b.decoder.settle()
	for _, h := range b.t.halves {
		h.blocks.drop()
	}
}

// trim lets go of large buffers. b.mu is held.
func (b *backlog) trim() {
	if cap(b.copied) > keepMost {
		b.copied = nil
	}
	if cap(b.spareCopied) > keepMost {
		b.spareCopied = nil
	}
	if cap(b.entries) > keepMost/entryCost {
		b.entries = nil
	}
	if cap(b.spareEntries) > keepMost/entryCost {
		b.spareEntries = nil
	}
}

// close decodes what is left, and waits until that is done.
func (b *backlog) close() {
	b.mu.Lock()
	for b.running {
		b.stopped.Wait()
	}
	if b.timer != nil {
		b.timer.Stop() // one that has fired finds nothing left
	}
	b.running, b.closed = true, true
	b.mu.Unlock()
	b.run()
}

func (b *backlog) lostOf(side int) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost[side]
}

func (b *backlog) broken() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.decoder.broken
}
