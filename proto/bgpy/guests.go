package bgpy

import (
	"container/list"
	"errors"
	"sync"
)

var errTooManyGuests = errors.New("too many connections without a token, and this is the oldest")

// guests are the connections that have not shown the token. A client shows it at
// once, so that the oldest of many is the least likely to be one.
type guests struct {
	most int

	mu  sync.Mutex // guards all, whose values are functions that turn away
	all list.List
}

// enter adds a guest, and turns the oldest away where there are too many. The guest
// calls leave, any number of times.
func (g *guests) enter(turnAway func()) (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all.Len() == g.most {
		oldest := g.all.Front()
		g.all.Remove(oldest)
		oldest.Value.(func())()
	}
	e := g.all.PushBack(turnAway)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.all.Remove(e) // nothing, where it is not in it any more
	}
}
