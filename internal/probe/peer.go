package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/pause"
)

// repliesHeld bounds the replies that were received and not looked at yet.
const repliesHeld = 8

// A reply is one message of the peer.
type reply struct{ raw, msg []byte }

// quote shows the message, or all of the frame if that is what tells something.
func (r reply) quote() string {
	if len(r.msg) == 0 {
		return quote(r.raw)
	}
	return quote(r.msg)
}

// A peer is one connection to the peer under test.
type peer struct {
	conn    *endpoint.Conn
	r       *run
	replies chan reply
	over    chan struct{} // closed by leave, for the receiver
	done    chan struct{} // closed when the receiver has ended
	err     error         // why it ended; set before replies is closed
	stop    func() bool
	once    sync.Once
	stuck   atomic.Bool // a write took so long that we have closed the connection
}

// dial connects, and receives from then on.
func (r *run) dial(ctx context.Context) (*peer, error) {
	r.report.Connections++
	conn, err := r.o.Dial(ctx)
	if err != nil {
		return nil, err
	}
	p := &peer{conn: conn, r: r, replies: make(chan reply, repliesHeld), over: make(chan struct{}), done: make(chan struct{})}
	_, r.halves = conn.Stream.(interface{ CloseWrite() error })
	p.stop = context.AfterFunc(ctx, func() { conn.Close() })
	go p.receiveAll()
	return p, nil
}

// receiveAll ends with the connection, or when the peer is left.
func (p *peer) receiveAll() {
	defer close(p.done)
	defer close(p.replies)
	next := p.messages()
	if p.conn.Stream != nil {
		next = p.frames()
	}
	for {
		got, err := next()
		if err != nil {
			p.err = err
			return
		}
		if ignore := p.r.talk.ignore; ignore != nil && ignore(got) {
			continue
		}
		select {
		case p.replies <- got:
		case <-p.over:
			p.err = io.EOF
			return
		}
	}
}

func (p *peer) frames() func() (reply, error) {
	direction := p.r.o.Framing.S2C
	reader := frame.NewReader(p.conn.Stream, direction.Codec, direction.Max)
	return func() (reply, error) {
		f, err := reader.Next()
		if err != nil {
			return reply{}, err
		}
		f.Raw = bytes.Clone(f.Raw)
		return reply{f.Raw, messageOf(direction.Codec, f)}, nil
	}
}

func (p *peer) messages() func() (reply, error) {
	return func() (reply, error) {
		msg, err := p.conn.Messages.Recv()
		return reply{msg, msg}, err
	}
}

// receive waits for a reply until at. timedOut and ended say why there is none.
func (p *peer) receive(until time.Time) (got reply, timedOut, ended bool) {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case got, ok := <-p.replies:
		return got, false, !ok
	default:
	}
	select {
	case got, ok := <-p.replies:
		return got, false, !ok
	case <-t.C:
		return reply{}, true, false
	}
}

// write writes pieces, each of which should reach the peer in a read of its own.
// pauses are between them; the last one is used for those that it lacks.
func (p *peer) write(ctx context.Context, pieces [][]byte, pauses []time.Duration) error {
	if p.conn.Stream == nil {
		for _, piece := range pieces {
			if err := p.conn.Messages.Send(piece); err != nil {
				return err
			}
		}
		return nil
	}
	// A peer that neither reads nor closes must not hold us for ever.
	guard := time.AfterFunc(2*p.r.longest()+totalOf(pauses, len(pieces)-1), func() {
		p.stuck.Store(true)
		p.conn.Close()
	})
	defer guard.Stop()
	for i, piece := range pieces {
		if i > 0 {
			if err := pause.For(ctx, pauses[min(i-1, len(pauses)-1)]); err != nil {
				return err
			}
			p.settle(len(pieces) <= fewPieces)
		}
		if _, err := p.conn.Stream.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// fewPieces are so few that waiting for each acknowledgement makes nothing slow.
const fewPieces = 4

// settle sees whether the piece before has come to the peer's kernel. If asked it waits
// a little longer for that: an acknowledgement may be delayed.
func (p *peer) settle(patient bool) {
	const delayed = 60 * time.Millisecond
	const step = 5 * time.Millisecond
	p.r.report.Pieces++
	left, known := unacknowledged(p.conn.Stream)
	for waited := time.Duration(0); known && left > 0 && waited < delayed && patient; waited += step {
		time.Sleep(step)
		left, known = unacknowledged(p.conn.Stream)
	}
	if known {
		p.r.report.Confirmed = true
	}
	if left > 0 {
		p.r.report.Merged++
	}
}

func totalOf(pauses []time.Duration, n int) (sum time.Duration) {
	for i := range n {
		sum += pauses[min(i, len(pauses)-1)]
	}
	return sum
}

// leave ends the connection in the way that disturbs the peer least: it
// half-closes and reads until the peer closes too, so that nothing of what the peer
// still writes is answered by a reset.
func (p *peer) leave() {
	p.once.Do(func() {
		if p.conn.CloseWrite() == nil {
			p.drain(time.Now().Add(p.r.leaving()))
		}
		p.cut()
	})
}

// drain discards replies until the peer closes, or until at.
func (p *peer) drain(until time.Time) {
	for {
		_, timedOut, ended := p.receive(until)
		if timedOut {
			p.r.lingers = true
		}
		if timedOut || ended {
			return
		}
	}
}

// cut closes the connection at once.
func (p *peer) cut() {
	p.stop()
	close(p.over)
	p.conn.Close()
	<-p.done
}

// leaving is how long to wait for the peer to close after us.
func (r *run) leaving() time.Duration {
	if r.lingers {
		return 10 * time.Millisecond
	}
	return 150 * time.Millisecond
}

// ending says how the stream of the peer has ended.
func ending(err error) string {
	broken, isBroken := errors.AsType[*frame.Error](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && isBroken:
		return fmt.Sprintf("ended %d bytes into a frame", broken.Offset-broken.Start)
	case isBroken && broken.Cause != "":
		return fmt.Sprintf("sent what is no frame: byte %d: %v", broken.Offset, broken.Err)
	case errors.Is(err, syscall.ECONNRESET):
		return "reset the connection"
	case errors.Is(err, syscall.EPIPE):
		return "closed the connection while we were sending"
	}
	return "closed the connection"
}

// unreachable says why nothing could be connected to.
func unreachable(err error) string {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "connection refused"
	}
	return "cannot connect: " + err.Error()
}
