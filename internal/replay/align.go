package replay

import "github.com/chancat/channel/session"

// alignCells bounds the pairs of messages that are looked at; beyond it messages
// that do not stand in line are told apart in blocks.
const alignCells = 8 << 20

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
	i, j := 0, 0
	for _, pair := range append(common(a, b), [2]int{len(a), len(b)}) {
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

// common returns the indices of a longest common sequence; none where finding it
// costs too much.
func common(a, b []keyed) (pairs [][2]int) {
	if len(a) == 0 || len(b) == 0 || len(a) > alignCells/len(b) {
		return nil
	}
	width := len(b) + 1
	length := make([]int32, (len(a)+1)*width) // of the best of a[i:], b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].key == b[j].key {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].key == b[j].key:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
