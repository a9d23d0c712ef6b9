package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Verdict is what came of one message.
type Verdict string

const (
	Same       Verdict = "same"
	Differs    Verdict = "differs"
	Missing    Verdict = "missing"    // it did not come
	Unexpected Verdict = "unexpected" // it is not in the recording
)

// An Outcome is the judgement on one message of the other side.
type Outcome struct {
	Verdict   Verdict
	Seq       int    // of the message in the recording; of an unexpected one in what came
	Want, Got []byte // nil where there is none

	// Latency is the time from our last move to the message, WantLatency the same of
	// the other server in a differential replay; 0 where it is not known.
	Latency, WantLatency time.Duration
}

// An arrival is a message as it came.
type arrival struct {
	body    []byte
	seq     int
	latency time.Duration

	// What the judge compares it by: once for each message, not for each pair.
	key []byte // what normal makes of body
	id  string // of JSON-RPC; only where messages are compared as sets
}

func (a *arrival) same(b *arrival) bool {
	return bytes.Equal(a.body, b.body) || bytes.Equal(a.key, b.key)
}

// A judge compares what is wanted with what came, as far as both are known. Its
// methods are safe for concurrent use.
type judge struct {
	normal    func(body []byte) []byte // nil: compare as they are
	unordered bool
	report    func(Outcome) // called in order, never twice at once

	mu        sync.Mutex // guards the rest
	want, got []arrival
	ahead     int       // bytes that came and wait, less those that are wanted and wait
	wantDone  bool      // no more will be wanted
	gotDone   bool      // no more will come
	cut       bool      // the replay ended early
	extra     int       // unexpected messages
	lost      []arrival // wanted, and not there; no more than remember keeps
	found     []arrival // there, and not wanted
}

// wanted takes in a message that is to come.
func (j *judge) wanted(a arrival) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.judgeBy(&a)
	j.want = append(j.want, a)
	j.ahead -= len(a.body)
	if g := j.equal(j.got, &a); g >= 0 {
		j.both(Same, len(j.want)-1, g)
	}
	j.advance()
}

// awaited is wanted for what another server says.
func (j *judge) awaited(a arrival) error {
	j.wanted(a)
	return j.bounded(-1)
}

// came takes in a message that has come.
func (j *judge) came(a arrival) error {
	j.take(a)
	return j.bounded(1)
}

// aheadMost bounds the bytes by which one side may be ahead of the other: a server
// that floods us while the other is silent must not fill the memory.
const aheadMost = 256 << 20

func (j *judge) bounded(sign int) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if sign*j.ahead > aheadMost {
		return fmt.Errorf("more than %d MiB came that nothing is there yet to be compared with", aheadMost>>20)
	}
	return nil
}

func (j *judge) take(a arrival) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.judgeBy(&a)
	j.got = append(j.got, a)
	j.ahead += len(a.body)
	if w := j.equal(j.want, &a); w >= 0 {
		j.both(Same, w, len(j.got)-1)
	}
	j.advance()
}

func (j *judge) judgeBy(a *arrival) {
	a.key = a.body
	if j.normal != nil {
		a.key = j.normal(a.body)
	}
	if j.unordered {
		a.id = idOf(a.body)
	}
}

// equal returns the index of the first message of list that is the same as a; -1 if
// there is none, or if messages are compared in order.
func (j *judge) equal(list []arrival, a *arrival) int {
	if !j.unordered {
		return -1
	}
	return slices.IndexFunc(list, func(b arrival) bool { return a.same(&b) })
}

// surplus is the number of messages that came and were not wanted.
func (j *judge) surplus() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.extra
}

// close says that no more will be wanted, or come. Unless the replay came to its
// end, what has not come is not judged; it returns how much that is.
func (j *judge) close(atEnd bool) (owed int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wantDone, j.gotDone = true, true
	j.cut = !atEnd
	j.advance()
	return len(j.want)
}

func (j *judge) advance() {
	switch {
	case !j.unordered:
		j.align()
	case j.wantDone && j.gotDone:
		j.match()
	case j.wantDone && len(j.got) > len(j.want)+reorderedMost:
		j.unexpected() // a peer that floods us must not fill the memory
	}
	for len(j.want) > 0 && j.gotDone && !j.cut {
		j.missing()
	}
	for len(j.want) == 0 && len(j.got) > 0 && j.wantDone {
		j.unexpected()
	}
}

// align compares in order. A message that differs is judged when the one behind it
// is known, since it may be one too many or one may be missing.
func (j *judge) align() {
	for len(j.want) > 0 && len(j.got) > 0 {
		if j.want[0].same(&j.got[0]) {
			j.both(Same, 0, 0)
			continue
		}
		if len(j.got) == 1 && !j.gotDone || len(j.want) == 1 && !j.wantDone {
			return
		}
		switch {
		case len(j.got) > 1 && j.want[0].same(&j.got[1]):
			if len(j.want) > 1 && j.want[1].same(&j.got[0]) { // they changed places
				j.both(Differs, 0, 0)
				j.both(Differs, 0, 0)
				continue
			}
			j.unexpected()
		case len(j.want) > 1 && j.want[1].same(&j.got[0]) && j.goesOn():
			j.missing()
		default:
			j.both(Differs, 0, 0)
		}
	}
}

// goesOn reports whether what follows fits too if one message is missing.
func (j *judge) goesOn() bool {
	if len(j.want) > 2 && len(j.got) > 1 {
		return j.want[2].same(&j.got[1])
	}
	return len(j.want) == 2 && len(j.got) == 1
}

// match pairs what has no equal, when all is known: by its JSON-RPC id where it has
// one, else in order.
func (j *judge) match() {
	for i := 0; i < len(j.got); {
		id := j.got[i].id
		k := slices.IndexFunc(j.want, func(w arrival) bool { return id != "" && w.id == id })
		if k < 0 {
			i++
			continue
		}
		j.both(Differs, k, i)
	}
	for len(j.want) > 0 && len(j.got) > 0 {
		j.both(Differs, 0, 0)
	}
}

// idOf is the "id" of a JSON object, as it is written; empty where there is none.
func idOf(body []byte) string {
	var v struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	return string(v.ID)
}

func (j *judge) both(v Verdict, w, g int) {
	want, got := j.want[w], j.got[g]
	j.want, j.got = without(j.want, w), without(j.got, g)
	j.ahead += len(want.body) - len(got.body)
	if v == Differs {
		j.lost, j.found = remember(j.lost, want), remember(j.found, got)
	}
	j.report(Outcome{
		Verdict: v, Seq: want.seq, Want: want.body, Got: got.body,
		Latency: got.latency, WantLatency: want.latency,
	})
}

// without removes one element, which is near the start in a long list.
func without(list []arrival, i int) []arrival {
	copy(list[1:i+1], list[:i])
	return list[1:]
}

func (j *judge) missing() {
	want := j.want[0]
	j.want = j.want[1:]
	j.ahead += len(want.body)
	j.lost = remember(j.lost, want)
	j.report(Outcome{Verdict: Missing, Seq: want.seq, Want: want.body, WantLatency: want.latency})
}

func (j *judge) unexpected() {
	got := j.got[0]
	j.got = j.got[1:]
	j.ahead -= len(got.body)
	j.extra++
	j.found = remember(j.found, got)
	j.report(Outcome{Verdict: Unexpected, Seq: got.seq, Got: got.body, Latency: got.latency})
}

// reorderedMost bounds the messages that are looked at to see whether they came in
// another place. A peer may say any number that nobody wanted.
const reorderedMost = 1000

// remember appends a to a list for reordered, unless that is too long for it.
func remember(list []arrival, a arrival) []arrival {
	if len(list) > reorderedMost {
		return list
	}
	return append(list, a)
}

// reordered reports whether all that is missing came in another place.
func (j *judge) reordered() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.lost) == 0 || len(j.lost) != len(j.found) || len(j.lost) > reorderedMost {
		return false
	}
	found := slices.Clone(j.found)
	for _, w := range j.lost {
		i := slices.IndexFunc(found, func(g arrival) bool { return w.same(&g) })
		if i < 0 {
			return false
		}
		found = slices.Delete(found, i, i+1)
	}
	return true
}
