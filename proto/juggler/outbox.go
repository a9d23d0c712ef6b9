package juggler

import (
	"context"
	"sync"
	"time"

	"github.com/chancat/channel/internal/ws"
)

// An outbox is the queue of what one connection has to send. A goroutine writes it,
// which exists only while there is something to write: an idle connection costs no
// stack.
type outbox struct {
	conn    *ws.Conn
	most    int           // bytes queued above which senders wait
	timeout time.Duration // of one write

	failed  func(error) // called once by the writer, when a write fails
	drained func()      // called when all that was queued has been written

	mu      sync.Mutex // guards what follows
	queue   []*payload
	pongs   [][]byte // ahead of the queue
	bytes   int
	wire    Wire
	writing bool
	closed  bool
	room    chan struct{} // closed when there is room; nil while nobody waits
}

// maxPongs bounds the answers to pings that wait. A peer that sends more pings
// without reading the answers gets answers to the last ones only, which is all
// that the answers are for.
const maxPongs = 8

// send queues p, and waits where too much is queued already. The error is that of
// the context, or [ErrClosed].
func (o *outbox) send(ctx context.Context, p *payload) error {
	for {
		o.mu.Lock()
		if o.closed {
			o.mu.Unlock()
			return ErrClosed
		}
		if o.bytes <= o.most {
			o.push(p)
			o.mu.Unlock()
			return nil
		}
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// offer queues p unless too much is queued already.
func (o *outbox) offer(p *payload) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.bytes > o.most {
		return false
	}
	o.push(p)
	return true
}

func (o *outbox) push(p *payload) {
	o.queue = append(o.queue, p)
	o.bytes += len(p.text)
	o.wake()
}

// control queues a ping or pong ahead of everything else.
func (o *outbox) control(msg []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if len(o.pongs) == maxPongs {
		o.pongs = o.pongs[1:]
	}
	o.pongs = append(o.pongs, msg)
	o.wake()
}

func (o *outbox) wake() {
	if !o.writing && o.wire != WireAuto {
		o.writing = true
		go o.write()
	}
}

// decide sets the wire version where the peer's first message tells it.
func (o *outbox) decide(w Wire) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wire = w
	if len(o.queue)+len(o.pongs) > 0 {
		o.wake()
	}
}

func (o *outbox) version() Wire {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wire
}

// idle reports whether nothing is being written, or queued for a peer that can be
// written to.
func (o *outbox) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.writing && (len(o.queue) == 0 || o.wire == WireAuto)
}

// close refuses what comes later and drops what is queued.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.queue, o.pongs, o.bytes = nil, nil, 0
	o.release()
}

func (o *outbox) release() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

func (o *outbox) write() {
	for {
		pong, p := o.next()
		var err error
		switch {
		case pong != nil:
			err = o.writeOne(pong)
		case p != nil:
			for _, segment := range p.wire(o.version()) {
				if err = o.writeOne(segment); err != nil {
					break
				}
				if err = o.writePongs(); err != nil {
					break
				}
			}
			o.written(p)
		default:
			o.drained()
			return
		}
		if err != nil {
			o.mu.Lock()
			o.writing = false
			o.mu.Unlock()
			o.failed(err)
			return
		}
	}
}

// next takes what is to be written now; with nothing left the writer is to end.
func (o *outbox) next() (pong []byte, p *payload) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case len(o.pongs) > 0:
		pong, o.pongs = o.pongs[0], o.pongs[1:]
	case len(o.queue) > 0:
		p, o.queue = o.queue[0], o.queue[1:]
	default:
		o.queue, o.pongs = nil, nil // their arrays may be large
		o.writing = false
	}
	return pong, p
}

// writePongs writes the pongs that came up while a long message is being written.
func (o *outbox) writePongs() error {
	for {
		o.mu.Lock()
		if len(o.pongs) == 0 {
			o.mu.Unlock()
			return nil
		}
		pong := o.pongs[0]
		o.pongs = o.pongs[1:]
		o.mu.Unlock()
		if err := o.writeOne(pong); err != nil {
			return err
		}
	}
}

func (o *outbox) writeOne(msg []byte) error {
	o.conn.SetWriteDeadline(time.Now().Add(o.timeout)) // where it fails, so does the write
	err := o.conn.Send(msg)
	o.conn.SetWriteDeadline(time.Time{}) // the WebSocket library writes pongs, much later perhaps
	return err
}

func (o *outbox) written(p *payload) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bytes = max(o.bytes-len(p.text), 0); o.bytes <= o.most {
		o.release()
	}
}
