package juggler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/ws"
)

// A link is what both roles have in common: messages over a WebSocket, in either
// version, with pings.
type link struct {
	conn  *ws.Conn
	out   outbox
	parts assembler

	pingDelay, pingTimeout time.Duration // negative delay: no pings
	heard                  atomic.Int64  // when something came last, Unix time in ns
	ping                   *time.Timer   // nil: no pings
	pinging                atomic.Bool   // an answer is awaited
	held                   atomic.Bool   // the reader waits for its own side

	ctx    context.Context // ends with the link, with the reason
	cancel context.CancelCauseFunc

	once sync.Once // guards the end
	gone sync.WaitGroup
}

// limits are the options of a link, with their defaults filled in.
type limits struct {
	wire                   Wire
	maxMessage, maxQueue   int
	writeTimeout           time.Duration
	pingDelay, pingTimeout time.Duration
}

func newLink(conn *ws.Conn, l limits) *link {
	k := &link{conn: conn, pingDelay: l.pingDelay, pingTimeout: l.pingTimeout, parts: assembler{max: l.maxMessage}}
	k.ctx, k.cancel = context.WithCancelCause(context.Background())
	k.out = outbox{conn: conn, most: l.maxQueue, timeout: l.writeTimeout, wire: l.wire}
	k.out.failed = k.writeFailed
	k.out.drained = func() {}
	if k.pingDelay > 0 {
		k.ping = time.AfterFunc(math.MaxInt64, k.tick) // run sets the time
	}
	return k
}

// run reads messages until the link ends, and returns why: io.EOF where the peer
// closed it properly.
func (k *link) run(handle func(msg []byte) error) error {
	k.heard.Store(time.Now().UnixNano())
	if k.ping != nil {
		k.ping.Reset(k.pingDelay)
		defer k.ping.Stop()
	}
	for {
		err := k.receive(handle)
		if err != nil {
			k.end(err)
			return k.why()
		}
	}
}

func (k *link) receive(handle func(msg []byte) error) error {
	msg, err := k.conn.Recv()
	if errors.Is(err, frame.ErrTooLarge) {
		return tooLarge(k.parts.max)
	}
	if err != nil {
		return err
	}
	k.heard.Store(time.Now().UnixNano())
	if k.pinging.CompareAndSwap(true, false) && k.ping != nil {
		k.ping.Reset(k.pingDelay)
	}
	switch {
	case k.conn.LastKind() == ws.Binary:
		return &ProtocolError{"a binary message; only text is allowed", closeUnsupported}
	case len(msg) == 0:
		return invalid("an empty message")
	}
	wire := k.out.version()
	if wire == WireAuto {
		wire = Wire06
		if msg[0] >= segmentLast && msg[0] <= segmentPong {
			wire = Wire07
		}
		k.out.decide(wire)
	}
	if wire == Wire06 {
		if msg[0] >= segmentLast && msg[0] <= segmentPong {
			return invalid("a message that begins with %q, as in version 0.7 of the wire; this end speaks 0.6", msg[0])
		}
		return handle(msg)
	}
	switch kind := msg[0]; kind {
	case segmentLast, segmentMore:
		whole, complete, err := k.parts.add(kind, msg[1:])
		if err != nil || !complete {
			return err
		}
		return handle(whole)
	case segmentPing:
		msg[0] = segmentPong
		k.out.control(msg)
	case segmentPong:
	case '{':
		return invalid("a message without a segment type, as in version 0.6 of the wire; this end speaks 0.7")
	default:
		return invalid("unknown segment type %q", kind)
	}
	return nil
}

// hold keeps the reader in wait. That nothing is read meanwhile is not the peer's
// silence.
func (k *link) hold(wait func()) {
	k.held.Store(true)
	wait()
	k.heard.Store(time.Now().UnixNano())
	k.held.Store(false)
}

// tick sends a ping where nothing has come for a while, and ends the link where
// nothing came after that either.
func (k *link) tick() {
	silent := time.Since(time.Unix(0, k.heard.Load()))
	switch {
	case k.ctx.Err() != nil:
		return
	case k.held.Load():
		k.ping.Reset(k.pingDelay)
		return
	case k.pinging.Load() && silent >= k.pingTimeout:
		k.end(fmt.Errorf("no message for %v, and no answer to a ping", silent.Round(time.Millisecond)))
		return
	case silent < k.pingDelay:
		k.ping.Reset(k.pingDelay - silent)
		return
	}
	k.pinging.Store(true)
	if k.out.version() == Wire07 {
		k.out.control([]byte{segmentPing})
		k.ping.Reset(k.pingTimeout)
		return
	}
	// Version 0.6 has no pings of its own, but WebSocket has.
	ctx, cancel := context.WithTimeout(k.ctx, k.pingTimeout)
	defer cancel()
	err := k.conn.Ping(ctx)
	since := time.Unix(0, k.heard.Load())
	if err != nil && k.ctx.Err() == nil && !k.held.Load() && time.Since(since) >= k.pingTimeout {
		k.end(fmt.Errorf("no answer to a ping in %v", k.pingTimeout))
		return
	}
	k.heard.Store(time.Now().UnixNano())
	k.pinging.Store(false)
	k.ping.Reset(k.pingDelay)
}

func (k *link) writeFailed(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("the peer does not read: nothing could be written for %v", k.out.timeout)
	}
	k.end(err)
}

// end closes the connection and tells the peer why, if it can still hear. The first
// call gives the reason; it does not wait.
func (k *link) end(reason error) {
	k.once.Do(func() {
		k.cancel(reason)
		k.out.close()
		k.gone.Go(func() {
			var fault *ProtocolError
			switch {
			case errors.As(reason, &fault):
				k.conn.CloseWith(fault.code, fault.Reason)
			case errors.Is(reason, ErrClosed), reason == io.EOF:
				k.conn.Close()
			default:
				k.conn.CloseNow()
			}
		})
	})
}

// why is the reason of the end.
func (k *link) why() error { return context.Cause(k.ctx) }
