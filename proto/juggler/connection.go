package juggler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/chancat/channel/internal/ws"
)

// maxPending is how many requests of one client wait for their turn before no
// more are read.
const maxPending = 256

// A Connection is a client of a [Server]. Its methods may be called by any
// goroutine.
type Connection struct {
	server *Server
	link   *link
	remote string
	user   string
	state  *State
	mirror *mirror

	mu      sync.Mutex // guards what follows
	pending []message
	workers int
	closing bool
	room    chan struct{} // closed when a pending request was taken; nil while nobody waits
	working sync.WaitGroup
}

func newConnection(s *Server, conn *ws.Conn, remote string, r *http.Request) *Connection {
	c := &Connection{server: s, remote: remote, link: newLink(conn, s.opts.limits())}
	c.user, _, _ = credentials(r)
	c.link.out.drained = c.drained
	c.state, c.mirror = s.opts.State, s.shared
	if c.state == nil {
		c.state = NewState()
		c.mirror = newMirror(c.state, s.opts.Autoflush)
	}
	return c
}

// State returns the state that this client mirrors: its own, or the shared one.
func (c *Connection) State() *State { return c.state }

// Remote returns the IP address of the client: of the one that a trusted proxy
// names, else of whoever made the connection.
func (c *Connection) Remote() string { return c.remote }

// User returns the name that the client logged in with, empty where the server
// has no users.
func (c *Connection) User() string {
	if c.server.users == nil {
		return ""
	}
	return c.user
}

// Context returns a context that ends with the connection; its cause says why.
func (c *Connection) Context() context.Context { return c.link.ctx }

// Flush sends the changes of the state that were not sent yet, ahead of what is
// sent later. A shared state is flushed for all clients. The error is why the
// connection has ended.
func (c *Connection) Flush() error {
	c.mirror.flush()
	if c.link.ctx.Err() != nil {
		return c.link.why()
	}
	return nil
}

// Notify sends a notification; data is anything that json.Marshal takes. Where much
// is queued already it waits, until the client reads or the connection ends. The
// error is that of encoding, or why the connection has ended.
func (c *Connection) Notify(name string, data any) error {
	p, err := newNotification(name, data)
	if err != nil {
		return err
	}
	return c.send(p)
}

func (c *Connection) send(p *payload) error {
	err := c.link.out.send(c.link.ctx, p)
	if err != nil && c.link.ctx.Err() != nil {
		return c.link.why()
	}
	return err
}

// Close lets the requests under way be answered, sends what is queued and closes
// the connection. It does not wait for that; [Connection.Context] tells when it is
// done. So a handler may close the connection and its answer is still sent.
func (c *Connection) Close() {
	c.mu.Lock()
	c.closing = true
	c.pending = nil
	c.release()
	c.mu.Unlock()
	c.finish()
}

// finish ends the connection if it is closing and nothing is left to do.
func (c *Connection) finish() {
	c.mu.Lock()
	done := c.closing && c.workers == 0
	c.mu.Unlock()
	if done && c.link.out.idle() {
		c.link.end(ErrClosed)
	}
}

func (c *Connection) drained() {
	c.mirror.catchUp(c)
	c.finish()
}

// run serves the client until it is gone, and returns why. Nothing of it is left
// then.
func (c *Connection) run() error {
	if c.server.opts.OnConnection != nil {
		c.server.opts.OnConnection(c)
	}
	c.mirror.join(c)
	err := c.link.run(c.receive)
	c.mirror.leave(c)
	if c.mirror != c.server.shared {
		c.mirror.close()
	}
	c.working.Wait()
	c.link.gone.Wait()
	return err
}

// receive takes a message of the client. It runs on the reading goroutine, which it
// holds up where the client sends requests faster than they are answered.
func (c *Connection) receive(text []byte) error {
	m, err := decode(text)
	switch {
	case err != nil:
		return err
	case m.kind != "request":
		return invalid("a message of type %.20q; a client sends requests", m.kind)
	case m.id == nil || m.name == nil:
		return invalid("a request without id or name")
	case m.data == nil && falsy(m.name):
		return invalid("a request with an empty name and no data")
	}
	c.mu.Lock()
	for len(c.pending) >= maxPending && !c.closing {
		if c.room == nil {
			c.room = make(chan struct{})
		}
		room := c.room
		c.mu.Unlock()
		c.link.hold(func() {
			select {
			case <-room:
			case <-c.link.ctx.Done():
			}
		})
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	if c.closing || c.link.ctx.Err() != nil {
		return nil
	}
	c.pending = append(c.pending, m)
	if c.workers < c.server.workers() {
		c.workers++
		c.working.Go(c.work)
	}
	return nil
}

func (s *Server) workers() int {
	if s.opts.Parallel {
		return maxWorkers
	}
	return 1
}

// work answers pending requests until there are none.
func (c *Connection) work() {
	for {
		c.mu.Lock()
		if len(c.pending) == 0 || c.link.ctx.Err() != nil {
			c.workers--
			c.mu.Unlock()
			c.finish()
			return
		}
		m := c.pending[0]
		if c.pending = c.pending[1:]; len(c.pending) == 0 {
			c.pending = nil
		}
		c.release()
		c.mu.Unlock()
		if err := c.answer(m); err != nil {
			c.link.end(err)
		}
	}
}

// release lets a reader go on that waits for room among the pending requests.
func (c *Connection) release() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

func (c *Connection) answer(m message) error {
	data, err := c.handle(m)
	success := err == nil
	var chosen *Error
	switch {
	case errors.As(err, &chosen):
		data = chosen.Data
	case err != nil:
		data = err.Error()
	}
	p, err := newResponse(m.id, data, success)
	if err != nil { // what the handler returned is no JSON
		c.server.opts.Logger.Warn("answer", "remote", c.remote, "request", string(m.name), "error", err)
		if p, err = newResponse(m.id, "the answer cannot be written as JSON: "+err.Error(), false); err != nil {
			return err
		}
	}
	return c.send(p)
}

func (c *Connection) handle(m message) (data any, err error) {
	if falsy(m.name) {
		return m.data, nil
	}
	handler := c.server.opts.OnRequest
	name, ok := stringOf(m.name)
	switch {
	case handler == nil:
		return nil, errors.New("request handler not implemented")
	case m.data == nil:
		return nil, errors.New("'data'") // in the words of the real server
	case !ok:
		return nil, errors.New("the name of a request must be a string")
	}
	defer func() {
		if r := recover(); r != nil {
			c.server.opts.Logger.Error("the handler panicked", "request", name, "panic", fmt.Sprint(r))
			err = errors.New("the request handler failed")
		}
	}()
	return handler(c.link.ctx, c, name, json.RawMessage(m.data))
}
