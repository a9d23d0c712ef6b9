// Package expect runs conversations that are written down: what is sent, and what
// must come. docs/spec.md §7.8 has the form of a script.
package expect

import "time"

// A Script is a file of cases.
type Script struct {
	Name  string // of the file, for errors
	Cases []Case
}

// A Case is a conversation of its own, over fresh connections.
type Case struct {
	Name  string
	Line  int // counted from 1, where it begins
	Steps []Step
}

// A Step is one line of a script, or a line and the block behind it.
type Step struct {
	Line int
	Text string // the line, for people
	Conn int    // counted from 1
	Do   Action
}

// An Action is what a step does: one of the types below.
type Action interface{ action() }

type (
	// Send sends a message, or bytes as they are.
	Send struct {
		Text template
		Raw  bool
	}
	// Receive takes the next message, which must match.
	Receive struct{ Match matcher }
	// ReceiveEOF is the end of what the peer sends.
	ReceiveEOF struct{}
	// ReceiveNone is silence of the peer for so long.
	ReceiveNone struct{ For time.Duration }
	// Skip passes over messages that match, from here to the end of the case.
	Skip struct{ Match matcher }
	// CloseWrite half-closes, Close closes.
	CloseWrite struct{}
	Close      struct{}
	// Connect opens a connection; an empty address is that of the run. A
	// connection that no Connect opens is opened by the first step that uses it.
	Connect struct{ Address template }
	// SetFraming is for connections that are opened after it.
	SetFraming struct{ Spelling string }
	// SetTimeout is how long each Receive waits from here on.
	SetTimeout struct{ For time.Duration }
	// Pause does nothing for so long.
	Pause struct{ For time.Duration }
)

func (Send) action()        {}
func (Receive) action()     {}
func (ReceiveEOF) action()  {}
func (ReceiveNone) action() {}
func (Skip) action()        {}
func (CloseWrite) action()  {}
func (Close) action()       {}
func (Connect) action()     {}
func (SetFraming) action()  {}
func (SetTimeout) action()  {}
func (Pause) action()       {}

// checks reports whether a step demands something of the peer.
func (s Step) checks() bool {
	switch s.Do.(type) {
	case Receive, ReceiveEOF, ReceiveNone:
		return true
	}
	return false
}
