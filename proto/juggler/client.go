package juggler

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/chancat/channel/internal/ws"
)

const (
	defaultMaxState = 64 << 20 // bytes
	maxEvents       = 1024     // that wait for a callback, before nothing more is read
)

// ClientOptions configures Connect. A nil *ClientOptions means all defaults.
type ClientOptions struct {
	Wire Wire // Wire07 or Wire06; default Wire07

	Header         http.Header // of the WebSocket handshake
	User, Password string      // for HTTP basic authentication; no User means none
	TLS            *tls.Config // for wss

	// OnChange is called with each new state, and OnNotify with each notification,
	// in the order in which the server sent them, one at a time and on a goroutine
	// of their own. They may call any method of the client. Those set here miss
	// nothing; the methods of the same names set them later.
	OnChange func(state json.RawMessage)
	OnNotify func(name string, data json.RawMessage)

	// OnError is called, as those, with a [*PatchError] when a change of the state
	// does not apply. The client keeps the state that it has, until the server
	// sends a whole one or [Client.Reconnect] fetches it.
	OnError func(error)

	// OnClose is called when the connection has ended, after all that came before
	// it, with what [Client.Err] returns; not where Close or Reconnect ended it.
	OnClose func(error)

	PingDelay   time.Duration // of silence, after which a ping is sent; 0 means 30 s, negative for no pings
	PingTimeout time.Duration // for anything to come after a ping; 0 means 30 s

	Timeout      time.Duration // for all handshakes together; 0 means 10 s
	WriteTimeout time.Duration // for one WebSocket message to be taken by the server; 0 means 30 s

	MaxMessage int // bytes of a message received; 0 means 16 MiB
	MaxState   int // bytes of the state written out, about; 0 means 64 MiB
	MaxQueue   int // bytes that wait to be sent, above which Send waits too; 0 means 1 MiB
}

func (o *ClientOptions) limits() limits {
	return limits{
		wire:         o.Wire,
		maxMessage:   cmp.Or(o.MaxMessage, defaultMaxMessage),
		maxQueue:     cmp.Or(o.MaxQueue, defaultMaxQueue),
		writeTimeout: cmp.Or(o.WriteTimeout, defaultWriteTimeout),
		pingDelay:    cmp.Or(o.PingDelay, defaultPingDelay),
		pingTimeout:  cmp.Or(o.PingTimeout, defaultPingTimeout),
	}
}

// A Client is connected to a server. Its methods may be called by any goroutine.
type Client struct {
	url  string
	opts ClientOptions

	events chan event
	quit   chan struct{} // closed by Close
	once   sync.Once     // guards quit
	told   chan struct{} // closed when no callback will be called any more

	callbacks sync.Mutex // guards OnChange and OnNotify in opts

	dialing  sync.Mutex     // held by Reconnect
	sessions sync.WaitGroup // those that run

	mu      sync.Mutex // guards what follows
	session *session
	state   any             // never changed, only replaced
	text    json.RawMessage // of state; nil until somebody asks
}

// An event is something to tell a callback.
type event struct {
	kind  string // "state", "notify", "error" or "close"
	of    *session
	state any
	name  string
	data  json.RawMessage
	err   error
}

// Connect connects to a server, at a URL such as "ws://127.0.0.1:23021/ws". The
// context governs connecting only. A server that refuses, for want of a password
// say, is an error whose text has the HTTP status.
func Connect(ctx context.Context, url string, options *ClientOptions) (*Client, error) {
	c := &Client{url: url, events: make(chan event, maxEvents), quit: make(chan struct{}), told: make(chan struct{})}
	if options != nil {
		c.opts = *options
	}
	if c.opts.Wire == WireAuto {
		return nil, errors.New("juggler: a client cannot tell the version of the wire; choose Wire07 or Wire06")
	}
	s, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.session = s
	go c.tell()
	c.sessions.Go(s.run)
	return c, nil
}

func (c *Client) dial(ctx context.Context) (*session, error) {
	header := maps.Clone(c.opts.Header)
	if header == nil {
		header = http.Header{}
	}
	if c.opts.User != "" {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.opts.User+":"+c.opts.Password)))
	}
	conn, err := ws.Dial(ctx, c.url, &ws.Options{
		Header: header, Kind: ws.Text, TLS: c.opts.TLS, Timeout: c.opts.Timeout,
		Max: c.opts.limits().maxMessage + 1, // and the segment type
	})
	if err != nil {
		return nil, err
	}
	return &session{
		client: c, link: newLink(conn, c.opts.limits()),
		waiting: map[int64]chan message{},
	}, nil
}

func (c *Client) current() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// Send sends a request and waits for its answer; data is anything that json.Marshal
// takes. The error is an [*Error] where the server answered with one. When the
// context ends, Send returns, and the answer is ignored if it comes.
func (c *Client) Send(ctx context.Context, name string, data any) (json.RawMessage, error) {
	s := c.current()
	id, answer := s.expect()
	defer s.forget(id)
	p, err := newRequest(id, name, data)
	if err != nil {
		return nil, err
	}
	if err := s.link.out.send(ctx, p); err != nil {
		if s.link.ctx.Err() != nil {
			return nil, s.why()
		}
		return nil, err
	}
	select {
	case m := <-answer:
		return m.result()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.link.ctx.Done():
		select {
		case m := <-answer: // it came just before the end
			return m.result()
		default:
			return nil, s.why()
		}
	}
}

func (m *message) result() (json.RawMessage, error) {
	if string(m.success) == "true" {
		return m.data, nil
	}
	return nil, &Error{m.data}
}

// State returns the state of the server, as far as this client has heard, and null
// before. The caller must not change it.
func (c *Client) State() json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text == nil {
		c.text = appendValue(nil, c.state)
	}
	return c.text
}

// OnChange sets the function that is called with each new state, from the next on.
func (c *Client) OnChange(f func(state json.RawMessage)) {
	c.callbacks.Lock()
	defer c.callbacks.Unlock()
	c.opts.OnChange = f
}

// OnNotify sets the function that is called with each notification, from the next
// on.
func (c *Client) OnNotify(f func(name string, data json.RawMessage)) {
	c.callbacks.Lock()
	defer c.callbacks.Unlock()
	c.opts.OnNotify = f
}

// Reconnect connects anew, with the options of Connect, and drops the connection
// that there was; requests under way on that fail. The state is what the new
// connection brings: null until something comes, and OnChange is not told any more of
// what the old one had brought. On an error all stays as it was.
func (c *Client) Reconnect(ctx context.Context) error {
	c.dialing.Lock()
	defer c.dialing.Unlock()
	select {
	case <-c.quit:
		return ErrClosed
	default:
	}
	fresh, err := c.dial(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	old := c.session
	c.session, c.state, c.text = fresh, nil, nil
	c.mu.Unlock()
	old.link.end(ErrClosed)
	c.sessions.Go(fresh.run)
	select {
	case <-c.quit:
		fresh.link.end(ErrClosed)
	default:
	}
	return nil
}

// Done returns a channel that is closed when the connection has ended, for whatever
// reason. After Reconnect it is another.
func (c *Client) Done() <-chan struct{} { return c.current().link.ctx.Done() }

// Err returns why the connection has ended: io.EOF where the server closed it,
// [ErrClosed] where Close did, nil while it has not.
func (c *Client) Err() error {
	s := c.current()
	if s.link.ctx.Err() == nil {
		return nil
	}
	return s.link.why()
}

// Close closes the connection. It waits for a callback that is running, so a
// callback must not call it.
func (c *Client) Close() error {
	c.once.Do(func() { close(c.quit) })
	c.dialing.Lock() // a Reconnect under way has seen quit, or has set its session
	s := c.current()
	c.dialing.Unlock()
	s.link.end(ErrClosed)
	c.sessions.Wait()
	<-c.told
	return nil
}

// tell calls the callbacks.
func (c *Client) tell() {
	defer close(c.told)
	for {
		select {
		case <-c.quit:
			return
		case e := <-c.events:
			c.callbacks.Lock()
			onChange, onNotify := c.opts.OnChange, c.opts.OnNotify
			c.callbacks.Unlock()
			switch {
			case (e.kind == "state" || e.kind == "error") && e.of != c.current(): // of a state that is over
			case e.kind == "error" && c.opts.OnError != nil:
				c.opts.OnError(e.err)
			case e.kind == "close" && c.opts.OnClose != nil:
				c.opts.OnClose(e.err)
			case e.kind == "state" && onChange != nil:
				onChange(appendValue(nil, e.state))
			case e.kind == "notify" && onNotify != nil:
				onNotify(e.name, e.data)
			}
		}
	}
}
