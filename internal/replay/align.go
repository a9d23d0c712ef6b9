package replay

import (
	"github.com/chancat/channel/internal/diff"
	"github.com/chancat/channel/session"
)

// A Difference is a message of one recording that another does not have, or has
// otherwise.
type Difference struct {
	From session.Side
	Outcome
	GotSeq int // of the message in the second recording
}

// Compare aligns the messages of both sides of a and b and returns how b differs.
// Messages are the same where what normal makes of them is.
func Compare(a, b *Conversation, normal func(body []byte) []byte) (differences []Difference, equal int) {
	for _, side := range []session.Side{session.Client, session.Server} {
		d, n := align(a.messages(side, normal), b.messages(side, normal))
		for i := range d {
			d[i].From = side
		}
		differences, equal = append(differences, d...), equal+n
	}
	return differences, equal
}

// A keyed is a message with what it is compared by.
type keyed struct {
	*Step
	key string
}

func (c *Conversation) messages(side session.Side, normal func(body []byte) []byte) (list []keyed) {
	for i := range c.Steps {
		if s := &c.Steps[i]; s.Kind == Message && s.From == side {
			list = append(list, keyed{s, string(normal(s.Body))})
		}
	}
	return list
}

// align finds a longest sequence of messages that both have; what lies between is
// paired in order.
func align(a, b []keyed) (d []Difference, equal int) {
	tail := 0
	for equal < len(a) && equal < len(b) && a[equal].key == b[equal].key {
		equal++
	}
	a, b = a[equal:], b[equal:]
	for tail < len(a) && tail < len(b) && a[len(a)-1-tail].key == b[len(b)-1-tail].key {
		tail++
	}
	equal += tail
	a, b = a[:len(a)-tail], b[:len(b)-tail]
	pairs := diff.Common(len(a), len(b), func(i, j int) bool { return a[i].key == b[j].key })
	i, j := 0, 0
	for _, pair := range append(pairs, [2]int{len(a), len(b)}) {
		for ; i < pair[0] || j < pair[1]; i, j = i+1, j+1 {
			d = append(d, between(a, b, i, j, pair))
		}
		if pair[0] < len(a) {
			equal++
		}
		i, j = pair[0]+1, pair[1]+1
	}
	return d, equal
}

// between is the difference at i and j, before the next common pair.
func between(a, b []keyed, i, j int, pair [2]int) (d Difference) {
	switch {
	case i >= pair[0]:
		d.Verdict = Unexpected
	case j >= pair[1]:
		d.Verdict = Missing
	default:
		d.Verdict = Differs
	}
	if i < pair[0] {
		d.Seq, d.Want = a[i].Seq, a[i].Body
	}
	if j < pair[1] {
		d.GotSeq, d.Got = b[j].Seq, b[j].Body
	}
	return d
}
