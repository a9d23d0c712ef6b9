package repl

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/chancat/channel/internal/filter"
)

const (
	filterWaiting = 1024     // messages that wait for a filter
	filterBytes   = 16 << 20 // of them, unless one waits alone
	filterResults = 20       // of one message that are shown
)

// filterCommands is set apart because a query may take its time.
var filterCommands = []command{
	{name: "filter", arguments: "JQ|off", help: "show what a jq query makes of the JSON that arrives, and nothing else", example: "/filter .params.uri", run: setFilter, complete: completeWords("off")},
}

// A filtering is a query in use. Its goroutine runs it, so that neither the
// receiving goroutines nor Session.mu wait for it.
type filtering struct {
	query   *filter.Filter
	waiting chan *message
	stop    context.CancelFunc

	// Session.mu guards the rest.
	bytes  int // that wait
	missed int // messages for which there was no room
}

func setFilter(_ context.Context, s *Session, argument string) error {
	argument = strings.TrimSpace(argument)
	if argument == "" {
		return usageOf("filter")
	}
	if argument == "off" {
		s.setFiltering(nil)
		return nil
	}
	return s.Filter(argument)
}

// Filter shows what a jq query makes of the JSON that arrives, and nothing else.
func (s *Session) Filter(query string) error {
	f, err := filter.Compile(query)
	if err != nil {
		return misused("%v", err)
	}
	s.setFiltering(&filtering{query: f, waiting: make(chan *message, filterWaiting)})
	return nil
}

// setFiltering puts next, or nothing, in the place of the query in use.
func (s *Session) setFiltering(next *filtering) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	if old := s.filtering; old != nil {
		old.stop()
		if old.missed > 0 {
			s.Note("%d messages came faster than they could be filtered", old.missed)
		}
	}
	s.filtering = next
	if next != nil {
		var ctx context.Context
		ctx, next.stop = context.WithCancel(s.ctx)
		s.filters.Go(func() { s.filter(ctx, next) })
	}
	s.prompt()
}

// offer hands a message to the filter. s.mu is held.
func (f *filtering) offer(m *message) {
	if n := len(m.body); f.bytes == 0 || f.bytes+n <= filterBytes {
		select {
		case f.waiting <- m:
			f.bytes += n
			return
		default:
		}
	}
	f.missed++
}

// filter shows what the query makes of the messages. What is no JSON it passes over.
func (s *Session) filter(ctx context.Context, f *filtering) {
	defer s.guard()
	for {
		select {
		case m := <-f.waiting:
			s.showFiltered(f, m)
		case <-ctx.Done():
			s.filterRest(f)
			return
		}
	}
}

// filterRest shows what still waits when the session ends, for a moment.
func (s *Session) filterRest(f *filtering) {
	for deadline := time.Now().Add(partingMost); time.Now().Before(deadline); {
		select {
		case m := <-f.waiting:
			s.showFiltered(f, m)
		default:
			return
		}
	}
}

// errEnough ends a query that has more results than are shown.
var errEnough = errors.New("enough results")

func (s *Session) showFiltered(f *filtering, m *message) {
	var results []*message
	err := f.query.Apply(m.body, func(result []byte) error {
		if len(results) == filterResults {
			return errEnough
		}
		shown := *m
		shown.body = result
		results = append(results, &shown)
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	f.bytes -= len(m.body)
	if s.filtering != f {
		return
	}
	for _, r := range results {
		s.o.Editor.Write(s.appendMessage(nil, r, false))
	}
	switch {
	case err == nil, errors.Is(err, filter.ErrNotJSON):
	case errors.Is(err, errEnough):
		s.Note("#%d has more results", m.number)
	default:
		s.Note("#%d: %v", m.number, err)
	}
}
