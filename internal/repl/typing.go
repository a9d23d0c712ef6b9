package repl

import (
	"io"
	"regexp"
	"strings"
	"sync"
)

// typed is a line, or why there is none.
type typed struct {
	text    string
	block   bool          // the lines of a <<END block, which are a message whatever they hold
	line    int           // its number in what was read, from 1
	err     error         // of the Editor
	settled chan struct{} // closed when everything before it has been done; then nothing else is set
}

var blockStart = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^<<([A-Za-z_][A-Za-z_0-9]*)$`)
})

// read reads lines and hands them over. It owns the Editor's ReadLine and Lend, so
// a command that lends the terminal runs here, when all before it are done.
func (s *Session) read(lines chan<- typed) {
	defer s.guard()
	t := typist{s: s, lines: lines}
	for goesOn := true; goesOn; {
		text, err := s.o.Editor.ReadLine()
		t.number++
		switch {
		case s.ctx.Err() != nil:
			return
		case err != nil:
			goesOn = t.stopped(text, err)
		default:
			s.typing()
			goesOn = t.entered(text)
		}
	}
}

// A typist is who types: what read knows of the lines so far.
type typist struct {
	s      *Session
	lines  chan<- typed
	number int      // of the last line, from 1
	ended  bool     // the input has, once
	block  []string // lines of the block at hand
	end    string   // the line that ends it; empty where there is none
}

// hand reports whether anybody is there to take t.
func (y *typist) hand(t typed) bool {
	select {
	case y.lines <- t:
		return true
	case <-y.s.ctx.Done():
		return false
	}
}

// stopped is what ReadLine returned instead of a line. It reports whether there is
// more to read, and so does entered.
func (y *typist) stopped(text string, err error) (goesOn bool) {
	switch {
	case err == ErrInterrupt && y.end != "":
		y.leave()
		y.s.Note("the block is dropped")
		return true
	case err == ErrInterrupt:
		if text == "" && y.s.interrupt() {
			y.hand(typed{err: errQuit})
			return false
		}
		return true
	case err == io.EOF && !y.ended && y.end == "":
		y.ended = true
		return y.hand(typed{err: err}) && y.s.o.Script == ""
	case err == io.EOF:
		err = errQuit
	}
	y.hand(typed{err: err})
	return false
}

func (y *typist) entered(text string) (goesOn bool) {
	start := blockStart().FindStringSubmatch(text)
	switch {
	case y.end != "" && text == y.end:
		text = strings.Join(y.block, "\n")
		y.leave()
		y.s.o.Editor.Remember(text)
		return y.hand(typed{text: text, block: true, line: y.number})
	case y.end != "":
		y.block = append(y.block, text)
		return true
	case start != nil:
		y.end = start[1]
		y.s.o.Editor.SetPrompt(y.end + "> ")
		return true
	}
	y.s.o.Editor.Remember(text)
	if lends(text) {
		return y.lend(text)
	}
	return y.hand(typed{text: text, line: y.number})
}

// leave ends the block at hand.
func (y *typist) leave() {
	y.block, y.end = nil, ""
	y.s.promptNow()
}

// lend runs a command that lends the terminal, when all before it are done.
func (y *typist) lend(text string) (goesOn bool) {
	settled := make(chan struct{})
	if !y.hand(typed{settled: settled}) {
		return false
	}
	select {
	case <-settled:
	case <-y.s.ctx.Done():
		return false
	}
	if err := y.s.obeyOne(typed{text: text, line: y.number}); err != nil {
		y.hand(typed{err: err})
		return false
	}
	return true
}

// typing forgets a Ctrl-C.
func (s *Session) typing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quitting = false
}
