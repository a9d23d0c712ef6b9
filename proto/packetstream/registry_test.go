package packetstream

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestRegistry(t *testing.T) {
	upper := Kind[string, string]{Type: 1, Name: "upper", Question: Text, Answer: Text}
	count := Kind[[]byte, int]{Type: 2, Question: Bytes, Answer: JSON[int]()}
	ping := Kind[struct{}, struct{}]{Type: 1 << 40, Name: "ping", Question: Nothing, Answer: Nothing}
	var r Registry
	Register(&r, upper, func(_ context.Context, s string) (string, error) {
		if s == "" {
			return "", errors.New("nothing")
		}
		return strings.ToUpper(s), nil
	})
	Register(&r, count, func(_ context.Context, b []byte) (int, error) { return len(b), nil })
	Register(&r, ping, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	r.HandleType(3, func(_ context.Context, r Request) (Reply, error) { return Reply{Flags: r.Flags + 1}, nil })
	c, _ := pair(t, nil, &Options{Handler: r.Handle})
	ctx := within(t)
	if s, err := upper.Call(ctx, c, "žluť"); err != nil || s != "ŽLUŤ" {
		t.Error(s, err)
	}
	if n, err := count.Call(ctx, c, make([]byte, 1000)); err != nil || n != 1000 {
		t.Error(n, err)
	}
	if _, err := ping.Call(ctx, c, struct{}{}); err != nil {
		t.Error(err)
	}
	if r, err := c.Call(ctx, Request{Type: 3, Flags: 4}); err != nil || r.Flags != 5 {
		t.Error(r, err)
	}
	p, err := upper.Submit(ctx, c, "x")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if s, err := p.Wait(ctx); err != nil || s != "X" {
			t.Error(s, err)
		}
	}
	for _, request := range []Request{{Type: 1}, {Type: 1, Payload: []byte("\xff")}, {Type: 1 << 40, Payload: []byte("x")}, {Type: 77}} {
		wantRejected(t, c, request, RejectException)
	}
	wrong := Kind[string, int]{Type: 1, Name: "wrong", Question: Text, Answer: JSON[int]()}
	if _, err := wrong.Call(ctx, c, "x"); err == nil || !strings.HasPrefix(err.Error(), "request type 1, wrong: answer: ") {
		t.Error(err)
	}
	unsendable := Kind[chan int, string]{Type: 1, Question: JSON[chan int](), Answer: Text}
	if _, err := unsendable.Call(ctx, c, nil); err == nil || !strings.HasPrefix(err.Error(), "request type 1: ") {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a type was registered twice")
		}
	}()
	Register(&r, wrong, nil)
}
