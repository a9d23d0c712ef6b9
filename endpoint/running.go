package endpoint

import (
	"sync"
	"time"
)

// running are the children that have not ended.
var running struct {
	sync.Mutex
	children map[*child]struct{}
}

func (c *child) runs() {
	running.Lock()
	defer running.Unlock()
	if running.children == nil {
		running.children = map[*child]struct{}{}
	}
	running.children[c] = struct{}{}
}

func (c *child) hasEnded() {
	running.Lock()
	delete(running.children, c)
	running.Unlock()
	close(c.ended)
}

// KillChildren kills what Exec and exec addresses have started, with all that those
// have, and waits a moment until it is gone. It is for a process that ends at once
// and closes nothing.
func KillChildren() {
	running.Lock()
	var children []*child
	for c := range running.children {
		children = append(children, c)
		kill(c.cmd.Process)
	}
	running.Unlock()
	for deadline := time.Now().Add(exitWait); len(children) > 0; children = children[1:] {
		children[0].endsWithin(time.Until(deadline))
	}
}
