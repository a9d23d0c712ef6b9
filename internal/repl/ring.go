package repl

import (
	"fmt"
	"time"

	wire "github.com/chancat/channel/frame"
)

const (
	ringCount = 10_000
	ringBytes = 64 << 20
)

// A message is one that was sent or received. It is not changed once it is in the
// ring, so that it may be read without a lock.
type message struct {
	number int // in the session, from 1
	peer   int
	sent   bool
	at     time.Time
	body   []byte
	raw    []byte // the whole frame; body alone where the transport keeps messages apart
	span   wire.Span
	offset int64         // of raw in the stream
	after  time.Duration // since the message that it answers; 0 if it answers none
	how    string        // how it was sent if not as a message: "raw", "bad length+1"
}

// bytes is what m costs.
func (m *message) bytes() int {
	n := len(m.raw)
	if m.span.Body != len(m.body) {
		n += len(m.body) // it is no part of raw
	}
	return n
}

// A ring keeps the last messages. Their numbers have no gaps.
type ring struct {
	kept  []*message
	bytes int
	next  int // number of the next message, less 1
}

// add numbers and keeps m, and drops the oldest ones that there is no room for.
func (r *ring) add(m *message) {
	r.next++
	m.number = r.next
	r.kept = append(r.kept, m)
	r.bytes += m.bytes()
	for len(r.kept) > ringCount || r.bytes > ringBytes {
		r.bytes -= r.kept[0].bytes()
		r.kept[0] = nil
		r.kept = r.kept[1:]
	}
}

func (r *ring) get(number int) (*message, error) {
	switch i := number - (r.next - len(r.kept)) - 1; {
	case number < 1 || number > r.next:
		return nil, fmt.Errorf("there is no message %d%s", number, r.span())
	case i < 0:
		return nil, fmt.Errorf("message %d is no longer kept%s", number, r.span())
	default:
		return r.kept[i], nil
	}
}

func (r *ring) span() string {
	if len(r.kept) == 0 {
		return ""
	}
	return fmt.Sprintf("; there are %d to %d", r.kept[0].number, r.next)
}

// last returns the last n messages, or all.
func (r *ring) last(n int) []*message { return r.kept[max(0, len(r.kept)-n):] }
