package juggler

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// A session is one connection of a client.
type session struct {
	client *Client
	link   *link

	mu      sync.Mutex // guards what follows
	last    int64      // id of a request
	waiting map[int64]chan message

	// Only the reading goroutine has these.
	base  any  // the state by what this session has received
	size  int  // bytes of base, at most
	stale bool // a change did not apply; base is not what the server has
}

func (s *session) run() {
	err := s.link.run(s.receive)
	s.link.gone.Wait()
	if s.client.current() == s {
		s.report(event{kind: "close", err: err})
	}
}

// why is why a request got no answer.
func (s *session) why() error {
	err := s.link.why()
	if err == io.EOF {
		return fmt.Errorf("the server closed the connection before it answered: %w", io.ErrUnexpectedEOF)
	}
	return err
}

func (s *session) expect() (int64, <-chan message) {
	answer := make(chan message, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.waiting[s.last] = answer
	return s.last, answer
}

func (s *session) forget(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}

// receive takes a message of the server. It runs on the reading goroutine.
func (s *session) receive(text []byte) error {
	m, err := decode(text)
	if err != nil {
		return err
	}
	switch m.kind {
	case "response":
		return s.answered(m)
	case "notify":
		name, ok := stringOf(m.name)
		if !ok || m.data == nil {
			return invalid("a notification without name or data")
		}
		s.report(event{kind: m.kind, name: name, data: m.data})
		return nil
	case "state":
		return s.changed(m.diff)
	}
	return invalid("a message of type %.20q; a server sends response, notify and state", m.kind)
}

func (s *session) answered(m message) error {
	if m.id == nil || m.data == nil || string(m.success) != "true" && string(m.success) != "false" {
		return invalid("a response without id, data or success")
	}
	id, err := strconv.ParseInt(string(m.id), 10, 64)
	if err != nil {
		return nil // as any unknown id: it answers nothing that was asked
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer := s.waiting[id]; answer != nil {
		delete(s.waiting, id)
		answer <- m
	}
	return nil
}

// changed applies a change to the state.
func (s *session) changed(patch json.RawMessage) error {
	v, err := parse(patch)
	ops, ok := v.([]any)
	if err != nil || !ok {
		return invalid("a state message without a diff")
	}
	if s.stale && !replacesAll(ops) {
		return nil // the state that it would lead from is not known
	}
	limit := cmp.Or(s.client.opts.MaxState, defaultMaxState)
	next, op, err := apply(s.base, ops, limit)
	if err == nil {
		err = s.measure(next, len(patch), limit)
	}
	if err != nil {
		if !s.stale {
			s.report(event{kind: "error", err: &PatchError{patch, op, err}})
		}
		s.stale = true
		return nil
	}
	s.base, s.stale = next, false
	c := s.client
	c.mu.Lock()
	if c.session == s {
		c.state, c.text = next, nil
	}
	c.mu.Unlock()
	s.report(event{kind: "state", state: next})
	return nil
}

// measure checks that the state is within its limit. It is measured when the
// changes since the last time could have made it too large.
func (s *session) measure(state any, grown, limit int) error {
	if s.size += grown; s.size <= limit/2 {
		return nil
	}
	left := limit
	if err := measure(state, &left, maxDepth); err != nil {
		return err
	}
	s.size = limit - left
	return nil
}

// replacesAll reports whether a patch works on any state.
func replacesAll(ops []any) bool {
	if len(ops) == 0 {
		return false
	}
	op, _ := ops[0].(map[string]any)
	path, isString := op["path"].(string)
	return isString && path == "" && (op["op"] == "replace" || op["op"] == "add")
}

// report queues an event. Where the callbacks are far behind, nothing more is read
// until they have caught up.
func (s *session) report(e event) {
	e.of = s
	select {
	case s.client.events <- e:
		return
	default:
	}
	s.link.hold(func() {
		select {
		case s.client.events <- e:
		case <-s.client.quit:
		}
	})
}
