package repl

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/internal/text/escape"
	"github.com/chancat/channel/view"
)

// A Session is one conversation at a terminal.
type Session struct {
	Editor  Editor
	Palette term.Palette
	View    view.View // of messages that arrive

	// Compose returns the message that a typed line means.
	Compose func(typed []byte) ([]byte, error)
	// Send sends a message to the peer, or to all of them.
	Send func(msg []byte) error
	// CloseWrite tells the peer that nothing more will be typed.
	CloseWrite func() error

	mu       sync.Mutex // guards received
	received int        // messages shown
}

// Run reads lines until /quit, Ctrl-C on two empty lines, or the second end of the
// input, which a terminal gives at Ctrl-D. The first one half-closes: what the peer
// still sends is shown.
func (s *Session) Run() error {
	for ends, interrupts := 0, 0; ; {
		line, err := s.Editor.ReadLine()
		switch {
		case err == ErrInterrupt && line == "" && interrupts > 0:
			return nil
		case err == ErrInterrupt:
			if line == "" {
				interrupts++
				s.Note("Ctrl-C again quits")
			}
			continue
		case err == io.EOF && ends == 0:
			ends++
			s.halfClose()
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		interrupts = 0
		if err := s.typed(line); errors.Is(err, errQuit) {
			return nil
		} else if err != nil {
			s.Note("%v", err)
		}
	}
}

func (s *Session) halfClose() {
	if err := s.CloseWrite(); err != nil {
		s.Note("%v", err)
		return
	}
	s.Note("half-closed: nothing more can be sent; Ctrl-D again quits")
}

// typed does what a line asks for.
func (s *Session) typed(line string) error {
	switch {
	case strings.HasPrefix(line, "//"):
		return s.sendTyped(line[1:])
	case strings.HasPrefix(line, "/"):
		return s.command(line[1:])
	}
	return s.sendTyped(line)
}

func (s *Session) sendTyped(line string) error {
	msg, err := s.Compose([]byte(line))
	if err != nil {
		return err
	}
	return s.Send(msg)
}

// Received shows a message of the peer. where names the connection if there are
// several; it may be empty.
func (s *Session) Received(where string, body []byte) {
	s.mu.Lock()
	s.received++
	number := s.received
	s.mu.Unlock()
	mark := s.Palette.Received(fmt.Sprintf("%s #%d %s%d B", arrowIn, number, where, len(body)))
	line := append([]byte(mark), "  "...)
	s.Editor.Write(append(s.View(line, body), '\n'))
}

// Note shows something that is no message.
func (s *Session) Note(format string, args ...any) {
	text := escape.AppendPrintable(nil, fmt.Appendf(nil, format, args...))
	s.Editor.Say([]byte(s.Palette.Note("-- "+string(text)) + "\n"))
}

const arrowIn = "<"
