package packetstream

import (
	"context"
	"sync"
)

// A signal wakes all who wait for a change of what a mutex guards. Unlike with a
// sync.Cond they can give up when a context ends. The mutex guards the signal too.
type signal struct{ changed chan struct{} }

// wait unlocks mu until the next broadcast, or until ctx ends: then it returns why.
func (s *signal) wait(ctx context.Context, mu *sync.Mutex) error {
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	changed := s.changed
	mu.Unlock()
	defer mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *signal) broadcast() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}
