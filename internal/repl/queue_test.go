package repl

import (
	"fmt"
	"strings"
	"testing"
)

// story is what a queue would show.
func story(items []item) string {
	var b strings.Builder
	for _, it := range items {
		switch {
		case it.skipped > 0:
			fmt.Fprintf(&b, "-%d ", it.skipped)
		default:
			b.Write(it.text)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func TestQueueSkipsTheOldest(t *testing.T) {
	var q queue
	q.say(item{text: []byte("first")})
	for i := range messagesMost + 3 {
		q.add(fmt.Append(nil, i))
	}
	q.say(item{text: []byte("last")})
	got := story(q.take())
	if want := "first -1 -1 -1 3 4 "; !strings.HasPrefix(got, want) {
		t.Errorf("starts with %.40q, want %q", got, want)
	}
	if want := fmt.Sprint(messagesMost+2) + " last "; !strings.HasSuffix(got, want) {
		t.Errorf("ends with %q, want %q", got[len(got)-40:], want)
	}
	if len(q.items) > 0 {
		t.Error("not empty after take")
	}
}

func TestQueueIsBounded(t *testing.T) {
	var q queue
	const n = 100_000
	for i := range n {
		q.add([]byte("x"))
		if i%10_000 == 0 {
			q.say(item{text: []byte("said")})
		}
	}
	if len(q.items) > 3*messagesMost {
		t.Errorf("%d items wait", len(q.items))
	}
	skipped, said := 0, 0
	for _, it := range q.take() {
		skipped += it.skipped
		if it.said {
			said++
		}
	}
	if skipped != n-messagesMost || said != 10 {
		t.Errorf("%d skipped and %d said, want %d and 10", skipped, said, n-messagesMost)
	}
}

func TestQueueBytes(t *testing.T) {
	var q queue
	huge := make([]byte, 2*messageBytes)
	q.add(huge)
	if q.items[0].skipped > 0 {
		t.Error("a message that is alone was skipped")
	}
	q.add(huge)
	if q.items[0].skipped == 0 || q.items[1].skipped > 0 {
		t.Error("of two huge messages the second ought to be kept")
	}
	for range 100 {
		q.say(item{text: make([]byte, saidBytes/50)})
	}
	if q.said > saidBytes {
		t.Errorf("%d bytes of what was said wait", q.said)
	}
}
