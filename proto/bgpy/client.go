package bgpy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/socket"
)

// A Client makes calls, each on a connection of its own. A zero field means its
// default; it is safe for concurrent use.
type Client struct {
	Addr  string // TCP or Unix, as docs/spec.md §3 has it
	Token string // empty means None

	Pace       time.Duration // distance between messages; 0 means [DefaultPace]
	Timeout    time.Duration // for each message of the server; 0 means 30 s
	MaxMessage int           // bytes of a message received, in base64; 0 means 16 MiB
}

var (
	// ErrToken is the refusal of our token.
	ErrToken = errors.New("the server refuses the token")

	// ErrClosed is the end of a connection before the message that was due. It
	// wraps io.ErrUnexpectedEOF.
	ErrClosed = fmt.Errorf("the server closed the connection before it answered: %w", io.ErrUnexpectedEOF)

	// ErrTimeout is a message that did not come in time.
	ErrTimeout = errors.New("the server did not answer in time; the Python server does not where it is not initialized, or where its task sends no response")
)

// A ResponseError is a response of the type ERROR.
type ResponseError struct{ Args Dict }

func (e *ResponseError) Error() string {
	if text, ok := e.Args.Get(keyMessage).(string); ok {
		return "the server answers: " + text
	}
	return "the server answers with an error: " + string(appendJSON(nil, e.Args))
}

// Initialize names the functions that the server is to run for INIT, EXEC and
// EXIT, and returns the args of its response. A Python server imports and runs
// them: that is the purpose of the program.
func (c *Client) Initialize(ctx context.Context, init, exec, exit Func) (Dict, error) {
	return c.call(ctx, Message{Init, Args(keyInit, init, keyExec, exec, keyExit, exit)}, true)
}

// Execute runs the function for EXEC with args. It returns the args of the
// response, or if it does not await one, those of the confirmation.
func (c *Client) Execute(ctx context.Context, args Dict, await bool) (Dict, error) {
	return c.call(ctx, Message{Exec, args}, await)
}

// Terminate is Execute for the function for EXIT, behind which the server ends.
func (c *Client) Terminate(ctx context.Context, args Dict, await bool) (Dict, error) {
	return c.call(ctx, Message{Exit, args}, await)
}

// call makes one connection. A *ResponseError is a response too.
func (c *Client) call(ctx context.Context, m Message, await bool) (Dict, error) {
	m.Args = m.Args.With(keyAwait, await)
	if _, err := m.AppendBody(nil); err != nil {
		return nil, err // before anything is sent
	}
	a, err := socket.Parse(c.Addr)
	if err != nil {
		return nil, err
	}
	nc, err := socket.Dial(ctx, a, nil)
	if err != nil {
		return nil, err
	}
	conn, stop := newConn(ctx, nc, cmp.Or(c.Pace, DefaultPace), cmp.Or(c.MaxMessage, framing.DefaultMax))
	args, err := c.exchange(conn, m, await)
	stop()
	// A reset would end the Python server. Where it has not answered yet, it may
	// do so later: it is given time to.
	wait := c.timeout()
	if err != nil {
		wait = linger
	}
	conn.finish(wait)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a, err)
	}
	return args, nil
}

func (c *Client) exchange(conn *conn, m Message, await bool) (Dict, error) {
	var token any
	if c.Token != "" {
		token = c.Token
	}
	if _, err := c.ask(conn, Message{Auth, Args(keyToken, token, keyAwait, true)}, true); err != nil {
		if refusal := (*ResponseError)(nil); errors.As(err, &refusal) {
			return nil, ErrToken
		}
		return nil, err
	}
	if err := conn.pause(); err != nil {
		return nil, err
	}
	return c.ask(conn, m, await)
}

// ask sends m and returns the args of the response, or of the confirmation. It
// confirms the response.
func (c *Client) ask(conn *conn, m Message, await bool) (Dict, error) {
	if err := conn.send(m, c.timeout()); err != nil {
		return nil, err
	}
	answer, err := c.receive(conn)
	if err == nil && answer.isConfirmation() && await {
		answer, err = c.receive(conn)
	}
	if err != nil {
		return nil, err
	}
	if answer.isConfirmation() {
		return answer.Args, nil
	}
	if err := conn.send(confirmation(answer.Type), c.timeout()); err != nil {
		return nil, err
	}
	switch answer.Type {
	case OK:
		return answer.Args, nil
	case Error:
		return nil, &ResponseError{answer.Args}
	}
	return nil, &RefusedError{fmt.Errorf("%v in place of a response", answer.Type)}
}

func (c *Client) receive(conn *conn) (Message, error) {
	m, err := conn.receive(c.timeout())
	switch {
	case err == io.EOF:
		err = ErrClosed
	case isTimeout(err):
		err = ErrTimeout
	}
	return m, err
}

func (c *Client) timeout() time.Duration { return cmp.Or(c.Timeout, defaultTimeout) }
