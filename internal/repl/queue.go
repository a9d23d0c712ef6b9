package repl

// What waits for the terminal is bounded, so that a flood costs neither memory
// nor time. A person reads none of what is dropped: it would scroll by within a
// frame.
const (
	messagesMost = 1024
	messageBytes = 128 << 10 // of all that wait, unless it is one alone
	saidBytes    = 8 << 20   // of what must not be skipped, beyond which it is all the same
)

// An item is one thing to be shown above the line.
type item struct {
	text    []byte   // whole lines
	entered *entered // a line that ReadLine returned
	said    bool     // it is not to be skipped
	skipped int      // messages that were to stand here
}

// A queue holds what waits for the terminal, in order. It has no lock.
type queue struct {
	items    []item
	evict    int // items before it are none that could be skipped
	messages int // that could be skipped
	bytes    int // of them
	said     int // bytes of the others
	gaps     int // items that stand for what was skipped
}

// say adds what is not to be skipped.
func (q *queue) say(it item) {
	it.said = true
	if q.said += len(it.text); q.said > saidBytes {
		q.said -= len(it.text)
		it = item{skipped: 1}
		q.gaps++
	}
	q.items = append(q.items, it)
	q.tidy()
}

// add adds a message and skips the oldest ones if there are too many.
func (q *queue) add(text []byte) {
	q.items = append(q.items, item{text: text})
	q.messages++
	q.bytes += len(text)
	for q.messages > messagesMost || q.bytes > messageBytes && q.messages > 1 {
		it := &q.items[q.evict]
		q.evict++
		if it.said || it.skipped > 0 {
			continue
		}
		q.messages--
		q.bytes -= len(it.text)
		*it = item{skipped: 1}
		q.gaps++
	}
	q.tidy()
}

// tidy joins neighbouring gaps, now and then.
func (q *queue) tidy() {
	if q.gaps <= messagesMost {
		return
	}
	kept := q.items[:0]
	evicted := q.items[:q.evict]
	q.evict, q.gaps = 0, 0
	for i, it := range q.items {
		if n := len(kept); it.skipped > 0 && n > 0 && kept[n-1].skipped > 0 {
			kept[n-1].skipped += it.skipped
		} else {
			kept = append(kept, it)
			if it.skipped > 0 {
				q.gaps++
			}
		}
		if i+1 == len(evicted) {
			q.evict = len(kept)
		}
	}
	clear(q.items[len(kept):])
	q.items = kept
}

// take empties the queue.
func (q *queue) take() []item {
	items := q.items
	*q = queue{}
	return items
}
