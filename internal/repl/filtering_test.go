package repl

import (
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	d, c, address := connected(t, "line", nil)
	d.types("/filter .[")
	d.sees("!! ")
	d.types("/filter .id, .x?")
	d.prompts(address + " line filtered> ")
	c.says("not JSON\n{\"id\":1,\"x\":[2]}\n[3]\n{\"id\":4}\n")
	d.sees("#2 1 B  1\n", "#2 3 B  [2]\n", "#4 1 B  4\n")
	if text := d.text(); strings.Contains(text, "not JSON") || !strings.Contains(text, "#3: ") {
		t.Errorf("the screen has\n%s", text)
	}
	d.types("/filter range(100)", "/peers") // in this order, so the query is in use
	d.sees("4 received")
	c.says("{}\n")
	d.sees("#5 2 B  19\n", "#5 has more results")
	d.types("/filter off")
	d.prompts(address + " line> ")
	c.says("plain\n")
	d.sees("5 B  plain\n")
	d.types("/show 1")
	d.sees("not JSON")
}

// What waits for a slow query is bounded in bytes too.
func TestFilterHoldsLittle(t *testing.T) {
	f := &filtering{waiting: make(chan *message, filterWaiting)}
	large := make([]byte, 1<<20)
	const count = 2 * filterBytes >> 20
	for range count {
		f.offer(&message{body: large})
	}
	if n := len(f.waiting); n > filterBytes>>20 || f.missed != count-n {
		t.Errorf("%d messages of 1 MiB wait, %d are missed", n, f.missed)
	}
}
