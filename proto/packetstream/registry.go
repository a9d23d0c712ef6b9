package packetstream

import (
	"context"
	"fmt"
	"sync"
)

// A Kind is a type of request whose payload is a Q and whose reply is an A: what a
// subclass of BaseRequest is in Python. Both sides have to agree on it.
type Kind[Q, A any] struct {
	Type     uint64
	Name     string // for errors; may be empty
	Question Coding[Q]
	Answer   Coding[A]
}

// Call sends q to the peer, and returns its answer.
func (k Kind[Q, A]) Call(ctx context.Context, c *Conn, q Q) (answer A, err error) {
	p, err := k.Submit(ctx, c, q)
	if err != nil {
		return answer, err
	}
	answer, err = p.Wait(ctx)
	if err != nil {
		p.Cancel()
	}
	return answer, err
}

// Submit sends q to the peer, without waiting for the answer.
func (k Kind[Q, A]) Submit(ctx context.Context, c *Conn, q Q) (*PendingAnswer[A], error) {
	payload, err := k.Question.Append(nil, q)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", k, err)
	}
	p, err := c.Submit(ctx, Request{Type: k.Type, Payload: payload})
	if err != nil {
		return nil, err
	}
	return &PendingAnswer[A]{p, k.String(), k.Answer.Parse}, nil
}

func (k Kind[Q, A]) String() string {
	if k.Name == "" {
		return fmt.Sprintf("request type %d", k.Type)
	}
	return fmt.Sprintf("request type %d, %s", k.Type, k.Name)
}

// A PendingAnswer is a [Pending] whose reply is an A.
type PendingAnswer[A any] struct {
	*Pending
	kind  string
	parse func([]byte) (A, error)
}

// Wait is [Pending.Wait] for the answer. An answer that cannot be read is an error;
// the connection goes on.
func (p *PendingAnswer[A]) Wait(ctx context.Context) (answer A, err error) {
	reply, err := p.Pending.Wait(ctx)
	if err != nil {
		return answer, err
	}
	// Wait may be called again, and Parse owns what it is given.
	answer, err = p.parse(append([]byte{}, reply.Payload...))
	if err != nil {
		err = fmt.Errorf("%s: answer: %w", p.kind, err)
	}
	return answer, err
}

// A Registry answers each request by its type, as HasPacketConnection does in
// Python. The zero Registry is empty. It is safe for concurrent use.
type Registry struct {
	mu    sync.RWMutex
	kinds map[uint64]registered
}

type registered struct {
	name   string
	handle Handler
}

// Register adds the function that answers requests of a kind. It panics if the type
// is taken.
func Register[Q, A any](r *Registry, k Kind[Q, A], answer func(ctx context.Context, q Q) (A, error)) {
	r.add(k.Type, k.String(), func(ctx context.Context, request Request) (Reply, error) {
		q, err := k.Question.Parse(request.Payload)
		if err != nil {
			return Reply{}, fmt.Errorf("%v: %w", k, err)
		}
		a, err := answer(ctx, q)
		if err != nil {
			return Reply{}, err
		}
		payload, err := k.Answer.Append(nil, a)
		if err != nil {
			return Reply{}, fmt.Errorf("%v: answer: %w", k, err)
		}
		return Reply{Payload: payload}, nil
	})
}

// HandleType adds a Handler for requests of a type, for those to which flags
// matter. It panics if the type is taken.
func (r *Registry) HandleType(requestType uint64, h Handler) {
	r.add(requestType, fmt.Sprintf("request type %d", requestType), h)
}

func (r *Registry) add(requestType uint64, name string, h Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if taken, ok := r.kinds[requestType]; ok {
		panic(fmt.Sprintf("packetstream: %s is registered as %s already", name, taken.name))
	}
	if r.kinds == nil {
		r.kinds = map[uint64]registered{}
	}
	r.kinds[requestType] = registered{name, h}
}

// Handle is a [Handler]. A type that nobody registered is an error.
func (r *Registry) Handle(ctx context.Context, request Request) (Reply, error) {
	r.mu.RLock()
	known, ok := r.kinds[request.Type]
	r.mu.RUnlock()
	if !ok {
		return Reply{}, fmt.Errorf("request type %d is not registered", request.Type)
	}
	return known.handle(ctx, request)
}
