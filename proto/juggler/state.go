package juggler

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
)

// A State is a JSON value that a server mirrors into its clients: into one, or,
// given to the server as [ServerOptions.State], into all. It is safe for concurrent
// use. A new one is null.
type State struct {
	mu       sync.Mutex // guards what follows
	value    any        // never changed, only replaced
	watchers map[*mirror]struct{}
}

// NewState returns a state that is null.
func NewState() *State { return &State{} }

// Value returns the state. The caller owns it.
func (s *State) Value() json.RawMessage { return appendValue(nil, s.tree()) }

// Set replaces the whole state by v, anything that json.Marshal takes. A
// json.RawMessage is taken as it is, its numbers and strings unchanged.
func (s *State) Set(v any) error {
	value, err := tree(v)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	s.replace(func(any) (any, error) { return value, nil })
	return nil
}

// SetAt sets the value at a JSON Pointer (RFC 6901) such as "/lamps/3/on". What
// holds it must be there; in a list, the index behind the last element, or "-",
// appends.
func (s *State) SetAt(pointer string, v any) error {
	value, err := tree(v)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	path, err := splitPointer(pointer)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return s.edit(func(d *document) error {
		_, missing := d.get(path)
		return d.put(path, value, missing != nil)
	})
}

// Remove removes the value at a JSON Pointer. Removing "", the whole state, leaves
// null.
func (s *State) Remove(pointer string) error {
	path, err := splitPointer(pointer)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return s.edit(func(d *document) error { return d.remove(path) })
}

func (s *State) edit(change func(*document) error) error {
	return s.replace(func(value any) (any, error) {
		d := document{root: value, left: math.MaxInt}
		if err := change(&d); err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
		return settle(d.root), nil
	})
}

// replace sets the state to what change makes of it, and tells those who mirror it.
func (s *State) replace(change func(any) (any, error)) error {
	s.mu.Lock()
	value, err := change(s.value)
	var watchers []*mirror
	if err == nil {
		s.value = value
		for m := range s.watchers {
			watchers = append(watchers, m)
		}
	}
	s.mu.Unlock()
	for _, m := range watchers {
		m.changed()
	}
	return err
}

func (s *State) tree() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

func (s *State) watch(m *mirror) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers == nil {
		s.watchers = map[*mirror]struct{}{}
	}
	s.watchers[m] = struct{}{}
}

func (s *State) unwatch(m *mirror) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers, m)
}
