package main

import (
	"net"
	"sync"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// flusher frames as chancat does but leaves every write to a goroutine, as
// nats.go does: what a message costs when the sender never writes it itself.
var flusher = Contender{Name: "flusher", Open: overTCP(func(c *net.TCPConn, size int) Link {
	l := &flusherLink{
		Conn: c,
		r:    frame.NewReader(c, framing.MSG, framing.DefaultMax),
		kick: make(chan struct{}, 1),
	}
	l.room.L = &l.mu
	l.done.Go(l.flush)
	return l
})}

const flusherMost = 256 << 10 // bytes queued before Send waits

type flusherLink struct {
	net.Conn
	tally
	r *frame.Reader

	mu     sync.Mutex // guards queued, closed and err
	room   sync.Cond  // queued has been taken, or err set
	queued []byte
	closed bool
	err    error

	kick chan struct{} // something is queued, or closed is set
	done sync.WaitGroup
}

func (l *flusherLink) Send(msg []byte, n int) error {
	for range n {
		if err := l.queue(msg); err != nil {
			return err
		}
	}
	return nil
}

func (l *flusherLink) queue(msg []byte) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queued) >= flusherMost && l.err == nil {
		l.room.Wait()
	}
	if l.err != nil {
		return l.err
	}
	l.queued, err = framing.MSG.AppendFrame(l.queued, msg)
	l.wake()
	return err
}

func (l *flusherLink) wake() {
	select {
	case l.kick <- struct{}{}:
	default: // it has not seen the last kick yet
	}
}

// flush writes what is queued until Close or a failed write.
func (l *flusherLink) flush() {
	var writing []byte
	for range l.kick {
		l.mu.Lock()
		writing, l.queued = l.queued, writing[:0]
		closed := l.closed
		l.room.Broadcast()
		l.mu.Unlock()
		if closed {
			return
		}
		if _, err := l.Write(writing); err != nil {
			l.mu.Lock()
			l.err = err
			l.room.Broadcast()
			l.mu.Unlock()
			return
		}
	}
}

func (l *flusherLink) Receive(n int, use func([]byte) error) error {
	for range n {
		f, err := l.r.Next()
		if err != nil {
			return err
		}
		msg := f.Body()
		l.received += int64(len(msg))
		if err := pass(msg, use); err != nil {
			return err
		}
	}
	return nil
}

func (l *flusherLink) Close() error {
	l.mu.Lock()
	l.closed = true
	l.wake()
	l.mu.Unlock()
	err := l.Conn.Close()
	l.done.Wait()
	return err
}
