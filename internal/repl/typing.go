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
	hand := func(t typed) bool {
		select {
		case lines <- t:
			return true
		case <-s.ctx.Done():
			return false
		}
	}
	ends := 0
	var block []string
	end := "" // of the block at hand
	leave := func() {
		block, end = nil, ""
		s.promptNow()
	}
	for number := 1; ; number++ {
		text, err := s.o.Editor.ReadLine()
		switch {
		case s.ctx.Err() != nil:
			return
		case err == ErrInterrupt && end != "":
			leave()
			s.Note("the block is dropped")
			continue
		case err == ErrInterrupt:
			if text == "" && s.interrupt() {
				hand(typed{err: errQuit})
				return
			}
			continue
		case err == io.EOF && ends == 0 && end == "":
			ends++
			if !hand(typed{err: err}) || s.o.Script != "" {
				return
			}
			continue
		case err == io.EOF:
			hand(typed{err: errQuit})
			return
		case err != nil:
			hand(typed{err: err})
			return
		}
		s.typing()
		switch start := blockStart().FindStringSubmatch(text); {
		case end != "" && text == end:
			text = strings.Join(block, "\n")
			leave()
			if !hand(typed{text: text, block: true, line: number}) {
				return
			}
		case end != "":
			block = append(block, text)
		case start != nil:
			end = start[1]
			s.o.Editor.SetPrompt(end + "> ")
		case lends(text):
			settled := make(chan struct{})
			if !hand(typed{settled: settled}) {
				return
			}
			select {
			case <-settled:
			case <-s.ctx.Done():
				return
			}
			if err := s.obeyOne(typed{text: text, line: number}); err != nil {
				hand(typed{err: err})
				return
			}
		default:
			if !hand(typed{text: text, line: number}) {
				return
			}
		}
	}
}

// typing forgets a Ctrl-C.
func (s *Session) typing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quitting = false
}
