package bgpy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// A client is one connection of a server.
type client struct {
	*run
	conn    *conn
	log     *slog.Logger
	welcome func() // called when the token was right
	authed  bool
	wrong   int // tokens
}

var errWrongTokens = errors.New("too many wrong tokens")

// serve answers the messages of the client until it ends, io.EOF, or EXIT is
// done, nil.
func (c *client) serve() error {
	authBy := time.Now().Add(c.timeout())
	for {
		wait := cmp.Or(c.Idle, defaultIdle)
		if !c.authed {
			wait = time.Until(authBy)
		}
		m, err := c.conn.receive(wait)
		if err != nil {
			return err
		}
		if m.isConfirmation() {
			continue
		}
		c.log.Info("received", "type", m.Type.String())
		if err := c.conn.send(confirmation(m.Type), c.timeout()); err != nil {
			return err
		}
		if err := c.answer(m); err != nil {
			return err
		}
		if m.Type == Exit && c.authed {
			c.exited()
			return nil
		}
	}
}

// answer does what m asks for, and sends the response if the client awaits one.
func (c *client) answer(m Message) error {
	switch m.Type {
	case Auth:
		return c.auth(m)
	case Init, Exec, Exit:
	default:
		return nil // the client has no business to send it
	}
	if !c.authed {
		c.log.Warn("not authenticated", "type", m.Type.String())
		return c.respond(m, textResponse(Error, "Not authenticated."))
	}
	var reply Message
	switch m.Type {
	case Init:
		reply = c.init(m)
	case Exec:
		reply = c.execute(m)
	case Exit:
		reply = c.terminate(m)
	}
	err := c.respond(m, reply)
	if m.Type == Exit {
		c.lastConfirmation(m, err)
		return nil // the server ends whether the client listens or not
	}
	return err
}

// respond sends the response, at its distance from the confirmation.
func (c *client) respond(m, reply Message) error {
	if reply.Type == Error {
		c.log.Warn("failed", "type", m.Type.String(), "error", reply.Args.Get(keyMessage))
	}
	if !m.awaits() {
		return nil
	}
	if err := c.conn.pause(); err != nil {
		return err
	}
	err := c.conn.send(reply, c.timeout())
	if err == nil || c.conn.ctx.Err() != nil {
		return err
	}
	if _, unsendable := reply.AppendBody(nil); unsendable != nil {
		c.log.Error("response", "error", unsendable)
		return c.conn.send(textResponse(Error, "The response cannot be sent: "+unsendable.Error()), c.timeout())
	}
	return err
}

// lastConfirmation waits for the client's confirmation of the response to EXIT,
// so that the connection is not closed before that has come.
func (c *client) lastConfirmation(m Message, sent error) {
	if sent == nil && m.awaits() {
		_, sent = c.conn.receive(exitConfirm)
	}
	if sent != nil && sent != io.EOF {
		c.log.Info("no confirmation of the last response", "error", sent)
	}
}

func (c *client) auth(m Message) error {
	token, _ := m.Args.Get(keyToken).(string)
	if c.Token == "" || sameToken(token, c.Token) {
		if !c.authed {
			c.authed = true
			c.welcome()
		}
		return c.respond(m, textResponse(OK, "Authentication successful."))
	}
	c.wrong++
	c.log.Warn("wrong token")
	err := c.respond(m, textResponse(Error, "Invalid client authentication."))
	if err == nil && c.wrong == wrongTokens {
		return errWrongTokens
	}
	return err
}

func (c *client) init(m Message) Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready {
		return textResponse(Error, "Already initialized.")
	}
	var tasks [3]Task
	for i, key := range []string{keyInit, keyExec, keyExit} {
		f, ok := m.Args.Get(key).(Func)
		if !ok {
			return textResponse(Error, "INIT without "+key+".")
		}
		if tasks[i] = c.find(MessageType(i), f.String()); tasks[i] == nil {
			return textResponse(Error, "Unknown task "+f.String()+".")
		}
	}
	if _, err := c.perform(tasks[0], m.Args); err != nil {
		return textResponse(Error, err.Error())
	}
	c.ready, c.exec, c.exit = true, tasks[1], tasks[2]
	return textResponse(OK, "Initialization successful.")
}

func (c *client) find(t MessageType, name string) Task {
	if task := c.Tasks[name]; task != nil {
		return task
	}
	if c.Server.Task == nil {
		return nil
	}
	return c.Server.Task(t, name)
}

func (c *client) execute(m Message) Message {
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch {
	case c.over:
		return textResponse(Error, "The server is exiting.")
	case !c.ready:
		return textResponse(Error, "Not initialized.")
	}
	return c.outcome(c.perform(c.exec, m.Args))
}

// terminate waits for the tasks that run. It ends a server that was not
// initialized too.
func (c *client) terminate(m Message) Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return textResponse(Error, "The server is exiting.")
	}
	c.over = true
	if !c.ready {
		return response(OK, nil)
	}
	return c.outcome(c.perform(c.exit, m.Args))
}

func (c *client) outcome(args Dict, err error) Message {
	if err != nil {
		return textResponse(Error, err.Error())
	}
	return response(OK, args)
}

// perform runs a task when there is a slot for it. A panic is its error.
func (c *client) perform(task Task, args Dict) (reply Dict, err error) {
	ctx := c.conn.ctx
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() {
		<-c.slots
		if p := recover(); p != nil {
			reply, err = nil, fmt.Errorf("the task panics: %v", p)
		}
	}()
	return task(ctx, args)
}
