package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/view"
)

// partingMost is how long peers have to end their side after we have quit: closing
// at once could destroy what they have not read yet.
const partingMost = 100 * time.Millisecond

// Options configures a Session. Editor, Framing, Dial and Listen are needed; the
// zero value of the others is fine.
type Options struct {
	Editor  Editor
	Palette term.Palette
	ASCII   bool   // the locale has no arrows
	View    string // of package view; empty means auto
	Framing framing.Framing
	Program string           // in recordings: its name and version
	Side    session.Side     // that we mostly are, in recordings that are captures; empty means the client
	Secrets []*regexp.Regexp // what they match is blotted out in recordings
	Getenv  func(string) string

	// Dial and Listen open an address; max limits a message in bytes.
	Dial   func(ctx context.Context, address string, max int) (*endpoint.Conn, error)
	Listen func(ctx context.Context, address string, max int) (endpoint.Listener, error)

	OnConnect [][]byte // sent on every connection that we make
	Once      bool     // a listener takes one client

	// Linger is how long a client that has ended its side is kept while nothing is
	// sent to it; 0 means a minute.
	Linger time.Duration

	// Answer makes the reply to what a client sends; nil for none. The message and
	// the reply are borrowed.
	Answer func(ctx context.Context, msg []byte) ([]byte, error)

	Delivery mutate.Delivery // how frames are written at first
	Gap      time.Duration   // between their pieces; 0 means mutate.DefaultGap

	// EndOnBroken ends the session at the first broken frame, which Run returns as
	// a *BrokenError; but not once /framing was used: who tries framings meets
	// frames that do not fit.
	EndOnBroken bool

	// Script is the name of what Editor reads where that is a file: then a command
	// that is not known ends the session with a *ScriptError.
	Script string
}

// A Session is one sitting: a person, or a script, and any number of peers.
type Session struct {
	o   Options
	ctx context.Context // ends with the session
	end context.CancelCauseFunc

	// speakers are the goroutines that receive from peers and accept them.
	speakers sync.WaitGroup
	filters  sync.WaitGroup // the goroutines of /filter

	// mu guards the rest and the fields of every peer that say so. Whoever holds it
	// does nothing that may wait: what is shown goes to Editor, which never does.
	mu        sync.Mutex
	framing   framing.Framing
	trying    bool // /framing was used
	filtering *filtering
	view      view.View
	viewName  string
	clock     clock
	silent    bool // heartbeats are left to the person
	paused    bool
	held      int  // messages that came while paused
	prompting bool // the prompt will soon say how many
	pausedAt  int  // number of the last message before that
	kept      ring
	peers     []*peer
	lastPeer  int // number of the last peer
	conns     int // connections made or taken
	listeners []endpoint.Listener
	target    int // peer to which typed messages go; 0 means all
	delivery  *delivery
	counts    counts
	recording *recording
	cancel    context.CancelFunc // of the command that runs; nil for none
	quitting  bool               // Ctrl-C has been typed on an empty line
	closing   bool               // no more connections

	changed chan struct{} // holds a value when a connection has changed its state
}

// New returns a Session. The end of ctx ends it.
func New(ctx context.Context, o Options) (*Session, error) {
	s := &Session{o: o, framing: o.Framing, clock: clockOff, changed: make(chan struct{}, 1)}
	if s.o.View == "" {
		s.o.View = "auto"
	}
	var err error
	if s.view, err = view.Parse(s.o.View); err != nil {
		return nil, err
	}
	s.viewName = s.o.View
	s.delivery = &delivery{Delivery: o.Delivery, gap: o.Gap}
	if s.delivery.gap == 0 {
		s.delivery.gap = mutate.DefaultGap
	}
	s.ctx, s.end = context.WithCancelCause(ctx)
	return s, nil
}

// errQuit ends the session as the person wants it.
var errQuit = errors.New("quit")

// A ScriptError is a line of a script that cannot be obeyed.
type ScriptError struct {
	Script string
	Line   int // counted from 1
	Err    error
}

func (e *ScriptError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Script, e.Line, e.Err) }
func (e *ScriptError) Unwrap() error { return e.Err }

// A BrokenError is a broken frame of a peer.
type BrokenError struct {
	Where string // the peer
	Err   error  // wraps a *frame.Error
	Fault link.Fault
}

func (e *BrokenError) Error() string { return e.Where + ": " + e.Err.Error() }
func (e *BrokenError) Unwrap() error { return e.Err }

// Run obeys what is typed until /quit, Ctrl-C on two empty lines, or the second end
// of the input, which a terminal gives at Ctrl-D. The first one half-closes: what
// the peers still send is shown. Run closes the Editor and every connection.
func (s *Session) Run() error {
	defer s.guard()
	s.o.Editor.SetCompleter(s.candidates)
	s.mu.Lock()
	s.prompt()
	s.mu.Unlock()
	lines := make(chan typed, 64) // so that Ctrl-C is read while a command runs
	go s.read(lines)
	err := s.obey(lines)
	s.Close()
	if errors.Is(err, errQuit) {
		return nil
	}
	return err
}

// guard gives the terminal back when a goroutine of the session panics.
func (s *Session) guard() {
	if p := recover(); p != nil {
		s.o.Editor.Close()
		panic(p)
	}
}

// speak runs f as one of the speakers.
func (s *Session) speak(f func()) {
	s.speakers.Go(func() {
		defer s.guard()
		f()
	})
}

// obey runs what is typed, one after another.
func (s *Session) obey(lines <-chan typed) error {
	for {
		select {
		case t := <-lines:
			if err := s.obeyOne(t); err != nil {
				return err
			}
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// obeyOne runs one line. The error ends the session.
func (s *Session) obeyOne(t typed) error {
	switch {
	case t.settled != nil:
		close(t.settled)
		return nil
	case t.err != nil && t.err != io.EOF:
		return t.err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.setCancel(cancel)
	err := s.do(ctx, t)
	s.setCancel(nil)
	interrupted := ctx.Err() != nil && s.ctx.Err() == nil
	cancel()
	return s.outcome(t, err, interrupted)
}

// outcome tells how a line went. The error ends the session.
func (s *Session) outcome(t typed, err error, interrupted bool) error {
	_, wrong := errors.AsType[*usageError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errQuit), s.ctx.Err() != nil:
		return err
	case wrong && s.o.Script != "":
		return &ScriptError{s.o.Script, t.line, err}
	case interrupted:
		s.Note("cancelled")
	default:
		s.fail(err)
	}
	return nil
}

// do does what a line asks for.
func (s *Session) do(ctx context.Context, t typed) error {
	switch {
	case t.err == io.EOF:
		s.halfClose(ctx)
		if s.o.Script != "" {
			return s.await()
		}
		return nil
	case t.block, !strings.HasPrefix(t.text, "/"):
		return s.sendTyped(ctx, t.text)
	case strings.HasPrefix(t.text, "//"):
		return s.sendTyped(ctx, t.text[1:])
	}
	c, argument, err := findCommand(t.text)
	if err != nil {
		return misused("%v // sends a line that starts with /", err)
	}
	return c.run(ctx, s, argument)
}

func (s *Session) setCancel(cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
}

// interrupt is Ctrl-C on an empty line: it cancels what runs, or else quits at the
// second time.
func (s *Session) interrupt() (quit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.cancel != nil:
		s.cancel()
	case s.quitting:
		return true
	default:
		s.quitting = true
		s.Note("Ctrl-C again quits")
	}
	return false
}

// Close ends everything that the session has begun, and closes the Editor. It is for
// a session that is not run; Run does it by itself.
func (s *Session) Close() {
	s.mu.Lock()
	listeners, peers := s.listeners, s.peers
	s.listeners, s.closing = nil, true
	s.mu.Unlock()
	for _, l := range listeners {
		l.Close()
	}
	gone := make(chan struct{})
	go func() {
		s.speakers.Wait()
		close(gone)
	}()
	if s.ctx.Err() == nil {
		s.part(peers, gone)
	}
	s.end(errQuit)
	for _, p := range peers {
		s.lose(p, p.connection(s), nil)
	}
	<-gone
	s.filters.Wait()
	s.stopRecording()
	s.o.Editor.Close()
}

// part half-closes the connections and gives the peers a moment.
func (s *Session) part(peers []*peer, gone <-chan struct{}) {
	ctx, cancel := context.WithTimeout(s.ctx, partingMost)
	defer cancel()
	ended := false
	for _, p := range peers {
		if c := p.connection(s); c != nil && p.closeWrite(ctx, c) == nil {
			ended = true
		}
	}
	if !ended {
		return
	}
	select {
	case <-gone:
	case <-ctx.Done():
	}
}

// silenceMost is how long a script waits for more where the transport cannot end
// one direction alone.
const silenceMost = time.Second

// await is the end of a script: it returns when the peers that we have connected
// to have ended their side.
func (s *Session) await() error {
	for {
		s.mu.Lock()
		waiting, halved, heard := false, true, s.counts.in.messages
		for _, p := range s.peers {
			waiting = waiting || p.state == open && !p.server
			halved = halved && p.halved
		}
		s.mu.Unlock()
		if !waiting {
			return errQuit
		}
		timer := time.NewTimer(silenceMost)
		select {
		case <-s.changed:
		case <-timer.C:
			s.mu.Lock()
			silent := s.counts.in.messages == heard
			s.mu.Unlock()
			if silent && !halved {
				return errQuit
			}
		case <-s.ctx.Done():
			timer.Stop()
			return context.Cause(s.ctx)
		}
		timer.Stop()
	}
}
