// Package answer finds for each message the one that it answers: by the numbers
// that a protocol has for it, else by order, first in, first out.
package answer

import (
	"strings"
	"time"

	"github.com/chancat/channel/session"
)

const (
	// queueMost bounds the messages that are remembered while they wait for an
	// answer in order. Of more only the count is kept, so that the order holds.
	queueMost = 16 << 10

	// keyedMost bounds those with numbers. The oldest are forgotten.
	keyedMost = 4096
)

// Pairs knows what was asked on one connection. It is not safe for concurrent use.
type Pairs struct {
	meaning func(from session.Side, raw, msg []byte) meaning

	queue     []asked // in order of asking
	first     int     // of queue
	uncounted int     // asked behind the queue
	lost      bool    // some message was not seen: order means nothing any more

	fresh, old map[key]asked // numbered; old ones are forgotten first
}

// An asked is a message that waits for its answer.
type asked struct {
	seq  int
	at   time.Time
	mark byte // of the protocol's own
	told bool // a first part of the answer was
}

// A key is the number of a request.
type key struct {
	by   session.Side // who asked
	kind byte         // of answer, where numbers of several kinds overlap
	num  uint64
	text string
}

// A meaning is what a message is to the pairing.
type meaning struct {
	asks, answers bool   // in order; an answer is one only if something was asked
	more          bool   // the answer goes on
	mark          byte   // of what is asked
	until         string // marks, at the first of which everything before is answered too
	unless        string // marks for which this is the last of the answer all the same

	asksKeys    []key // numbered
	answersKeys []key
	keep        bool // the number is answered more than once
}

// New returns the pairing for a framing's spelling.
func New(spelling string) *Pairs {
	name, _, _ := strings.Cut(spelling, "/")
	name, _, _ = strings.Cut(name, ",")
	m, ok := protocols[name]
	if !ok {
		m = plain
	}
	return &Pairs{meaning: m}
}

// protocols are the framings whose messages say more than their order.
var protocols = map[string]func(from session.Side, raw, msg []byte) meaning{
	"mqtt": mqtt, "nats": nats, "resp": resp, "memcached": memcached, "postgres": postgres, "mysql": mysql,
	"kafka": kafka, "mongodb": mongodb, "dns": dns, "modbus": modbus, "http2": http2, "stomp": stomp,
	"packetstream": packetstream, "bgpy": bgpy,
	"tls": none, "bgp": none, "grpc": none, "amqp": none,
}

func none(session.Side, []byte, []byte) meaning { return meaning{} }

// inOrder is the meaning of messages of which each of the client is answered by
// one of the server.
func inOrder(from session.Side) meaning {
	return meaning{asks: from == session.Client, answers: from == session.Server}
}

// Message takes in the message seq of a side, which was complete at at, and
// returns the other side's message that it answers and the time since then; 0
// where it answers none. raw is its frame.
func (p *Pairs) Message(from session.Side, seq int, at time.Time, raw, msg []byte) (answers int, latency time.Duration) {
	m := p.meaning(from, raw, msg)
	for _, k := range m.answersKeys {
		if a, ok := p.take(k, m.keep); ok && answers == 0 {
			answers, latency = a.seq, at.Sub(a.at)
		}
	}
	for _, k := range m.asksKeys {
		p.remember(k, asked{seq: seq, at: at})
	}
	if m.answers && !p.lost {
		if a := p.next(m); a.seq != 0 {
			answers, latency = a.seq, at.Sub(a.at)
		}
	}
	if m.asks && !p.lost {
		p.ask(asked{seq: seq, at: at, mark: m.mark})
	}
	return answers, latency
}

// Lose takes in that some messages were not seen. From then on only numbers tell.
func (p *Pairs) Lose() {
	p.lost = true
	p.queue, p.first, p.uncounted = nil, 0, 0
}

func (p *Pairs) ask(a asked) {
	if p.uncounted > 0 || len(p.queue)-p.first >= queueMost {
		p.uncounted++
		return
	}
	if p.first == len(p.queue) {
		p.queue, p.first = p.queue[:0], 0
	} else if p.first > queueMost {
		p.queue = append(p.queue[:0], p.queue[p.first:]...)
		p.first = 0
	}
	p.queue = append(p.queue, a)
}

// next returns what an answer in order answers. The zero asked means nothing, or
// nothing that is to be told again.
func (p *Pairs) next(m meaning) asked {
	if p.first == len(p.queue) {
		if p.uncounted > 0 && !m.more {
			p.uncounted--
		}
		return asked{}
	}
	a := &p.queue[p.first]
	if m.until != "" { // it answers the first with one of these marks, and ends what is before
		for p.first < len(p.queue)-1 && strings.IndexByte(m.until, p.queue[p.first].mark) < 0 {
			p.first++
		}
		a = &p.queue[p.first]
	}
	found := *a
	if m.more && strings.IndexByte(m.unless, found.mark) < 0 {
		a.told = true
		if found.told {
			return asked{}
		}
		return found
	}
	p.first++
	return found
}

func (p *Pairs) remember(k key, a asked) {
	if len(p.fresh) >= keyedMost/2 {
		p.old, p.fresh = p.fresh, nil
	}
	if p.fresh == nil {
		p.fresh = map[key]asked{}
	}
	p.fresh[k] = a
}

func (p *Pairs) take(k key, keep bool) (asked, bool) {
	for _, m := range []map[key]asked{p.fresh, p.old} {
		if a, ok := m[k]; ok {
			if !keep {
				delete(m, k)
			}
			return a, true
		}
	}
	return asked{}, false
}

func other(s session.Side) session.Side {
	if s == session.Client {
		return session.Server
	}
	return session.Client
}
