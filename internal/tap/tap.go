// Package tap stands between two peers: what one sends goes to the other at once
// and unchanged, and is cut into messages beside.
//
// Forwarding comes first. A goroutine for each direction reads and writes; what it
// read it leaves in a bounded backlog, from which messages are decoded while bytes
// flow on. Where decoding cannot keep up, a stretch of the stream is passed over
// and told as lost: the connection never waits for it. Back-pressure is that of
// the connection itself: nothing is read before what was read is written.
package tap

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/session"
)

// lingerDefault is how long the other direction may be silent when one has ended
// in a way that cannot be passed on.
const lingerDefault = time.Second

// abandonAfter is how long a read of stdin is waited for at the end.
const abandonAfter = 50 * time.Millisecond

// Options configures Run.
type Options struct {
	Framing framing.Framing

	// Auto has the framing decided from what client and server send, instead.
	Auto bool

	Number int // of the connection, from 1

	// Observe is told of every event, one after another, in the order in which
	// the bytes were read. It may block: then decoding falls behind. The event and
	// its bytes are borrowed. nil means that nothing is decoded.
	Observe func(*session.Event)
	Reads   bool   // observe the reads too
	Idle    func() // called when everything that was read has been observed; may be nil

	Budget *Budget // for what waits to be decoded; nil means one of its own
	Wraps  bool    // the server is a program whose stdout is the stream
	Stdin  bool    // an end is our stdin: a read of it cannot be interrupted

	Rules []mutate.Rule // what to spoil
	Seed  uint64        // of what the rules leave to chance

	Linger time.Duration // see lingerDefault; 0 means 1 s
}

// A Result is how a connection went.
type Result struct {
	Client, Server Side // what each side sent

	Broken bool // some frame was
}

// A Side is one direction of a connection.
type Side struct {
	Read    int64 // bytes read from the side that sent
	Written int64 // bytes handed on to the other
	Lost    int64 // bytes of Read that were not decoded
	Err     error // why it ended, unless by the end of the stream
}

// A tapped is a connection with a tap in it.
type tapped struct {
	o       Options
	backlog *backlog
	halves  [2]*half // by the side that sends

	cutting sync.Once
	cut     chan struct{} // closed when everything is to end now
}

// The sides as indices.
const (
	fromClient = 0
	fromServer = 1
)

var sides = [2]session.Side{session.Client, session.Server}

// Run forwards between client and server until both directions have ended, or ctx
// has, and closes both. It returns when all events have been observed.
func Run(ctx context.Context, client, server *endpoint.Conn, o Options) Result {
	if o.Linger == 0 {
		o.Linger = lingerDefault
	}
	if o.Budget == nil {
		o.Budget = NewBudget(0)
	}
	t := &tapped{o: o, cut: make(chan struct{})}
	t.backlog = newBacklog(t)
	t.halves[fromClient] = newHalf(t, fromClient, client, server)
	t.halves[fromServer] = newHalf(t, fromServer, server, client)
	t.backlog.open(client, server)
	stop := context.AfterFunc(ctx, func() { t.end(false) })
	defer stop()
	for _, h := range t.halves {
		go h.run()
	}
	if gone := server.Ended(); gone != nil {
		go t.follow(gone)
	}
	t.wait()
	t.end(false)
	t.backlog.close()
	r := Result{Broken: t.backlog.broken()}
	r.Client, r.Server = t.halves[fromClient].outcome(), t.halves[fromServer].outcome()
	return r
}

// wait waits for both directions. A read of our stdin may outlive the end.
func (t *tapped) wait() {
	for _, h := range t.halves {
		if !t.o.Stdin {
			<-h.done
			continue
		}
		select {
		case <-h.done:
		case <-t.cut:
			select {
			case <-h.done:
			case <-time.After(abandonAfter):
			}
		}
	}
}

// follow ends the connection when the child at its other end has ended and all
// that it said has been passed on.
func (t *tapped) follow(gone <-chan struct{}) {
	select {
	case <-gone:
	case <-t.cut:
		return
	}
	h := t.halves[fromServer]
	if h.silent(t.o.Linger) {
		t.end(false)
	}
}

// end interrupts both directions and closes the connection; with reset, so that
// both peers see one.
func (t *tapped) end(reset bool) {
	t.cutting.Do(func() {
		if reset {
			for _, h := range t.halves {
				drained(h.src)
			}
		}
		close(t.cut)
		for _, h := range t.halves {
			if reset {
				abort(h.src)
			}
			h.src.Close()
		}
	})
}

// A half is one direction: what src sends goes to dst.
type half struct {
	t        *tapped
	side     int
	src, dst *endpoint.Conn
	faults   *mutate.Faults // nil: none
	blocks   supply

	read, written atomic.Int64
	err           error         // why it ended; read after done
	done          chan struct{} // closed when it has ended
}

func newHalf(t *tapped, side int, src, dst *endpoint.Conn) *half {
	h := &half{t: t, side: side, src: src, dst: dst, done: make(chan struct{})}
	h.faults = mutate.NewFaults(t.o.Rules, [2]mutate.Way{mutate.C2S, mutate.S2C}[side], t.o.Seed, uint64(t.o.Number))
	return h
}

func (h *half) other() *half { return h.t.halves[1-h.side] }

func (h *half) outcome() Side {
	s := Side{Read: h.read.Load(), Written: h.written.Load(), Lost: h.t.backlog.lostOf(h.side)}
	select {
	case <-h.done:
		s.Err = h.err
	default:
	}
	return s
}

func (h *half) direction() framing.Direction {
	if h.side == fromClient {
		return h.t.o.Framing.C2S
	}
	return h.t.o.Framing.S2C
}
