package endpoint

import (
	"context"
	"io"
	"net"
	"sync"

	"github.com/chancat/channel/internal/socket"
)

var echoScheme = scheme{
	prefix:  "echo:",
	form:    "echo:",
	meaning: "a peer inside this program that sends everything back",
	dial:    dialEcho,
}

func dialEcho(_ context.Context, address string, _ *Options) (*Conn, error) {
	if address != "echo:" {
		return nil, &socket.AddressError{Address: address, Reason: "nothing may follow echo:"}
	}
	e := &echo{}
	e.changed.L = &e.mu
	return &Conn{Stream: e, Remote: address}, nil
}

// echoBuffer is how many bytes may be on their way before Write blocks, about
// what the kernel holds for a peer on TCP.
const echoBuffer = 256 << 10

// An echo reads what was written to it.
type echo struct {
	mu      sync.Mutex // guards the rest
	changed sync.Cond  // of any field below
	buf     []byte     // written and not read yet
	ended   bool       // by CloseWrite
	closed  bool
}

func (e *echo) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.buf) == 0 && !e.ended && !e.closed && len(p) > 0 {
		e.changed.Wait()
	}
	switch {
	case e.closed:
		return 0, net.ErrClosed
	case len(e.buf) == 0 && e.ended:
		return 0, io.EOF
	}
	n := copy(p, e.buf)
	e.buf = e.buf[:copy(e.buf, e.buf[n:])]
	e.changed.Broadcast()
	return n, nil
}

func (e *echo) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	written := 0
	for {
		if e.closed || e.ended {
			return written, net.ErrClosed
		}
		n := min(len(p)-written, echoBuffer-len(e.buf))
		e.buf = append(e.buf, p[written:written+n]...)
		written += n
		e.changed.Broadcast()
		if written == len(p) {
			return written, nil
		}
		e.changed.Wait()
	}
}

func (e *echo) CloseWrite() error { return e.finish(&e.ended) }

func (e *echo) Close() error { return e.finish(&e.closed) }

func (e *echo) finish(flag *bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	*flag = true
	e.changed.Broadcast()
	return nil
}
