package repl

import (
	"fmt"
	"strings"
	"time"
)

// prompt shows who is at the other end, the framing and the state. s.mu is held.
func (s *Session) prompt() {
	if s.closing {
		return // what we have ended ourselves is no news
	}
	s.o.Editor.SetPrompt(s.status() + "> ")
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *Session) promptNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prompt()
}

// promptPause is the time between two prompts that only count.
const promptPause = 50 * time.Millisecond

// promptSoon is prompt for what changes with every message. s.mu is held.
func (s *Session) promptSoon() {
	if s.prompting {
		return
	}
	s.prompting = true
	time.AfterFunc(promptPause, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.prompting = false
		s.prompt()
	})
}

// status is such as "localhost:5000 msg" or "listening 5000 (2)".
func (s *Session) status() string {
	var words []string
	live := s.present()
	switch {
	case s.target != 0:
		if p := s.peer(s.target); p != nil {
			words = append(words, fmt.Sprintf("[%d] %s", p.number, p.label()), s.framingName(p), p.condition())
		} else {
			words = append(words, fmt.Sprintf("[%d] gone", s.target))
		}
	case len(s.listeners) > 0:
		l := s.listeners[len(s.listeners)-1]
		where := l.Addr()
		if port := l.Port(); port > 0 {
			where = fmt.Sprint(port)
		}
		words = append(words, fmt.Sprintf("listening %s (%s)", where, census(live)))
	case len(live) == 0:
		words = append(words, "not connected")
	case len(live) == 1:
		words = append(words, live[0].label(), s.framingName(live[0]), live[0].condition())
	default:
		words = append(words, fmt.Sprintf("%d peers", len(live)), s.framing.Spelling)
	}
	if s.filtering != nil {
		words = append(words, "filtered")
	}
	if s.paused {
		words = append(words, "paused")
	}
	if s.held > 0 {
		words = append(words, fmt.Sprintf("%d unread", s.held))
	}
	if !s.delivery.Whole() {
		words = append(words, "chunks")
	}
	if s.recording != nil {
		words = append(words, "recording")
	}
	text := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	return printable(text)
}

// census counts clients, such as "3" or "3, 1 half-closed".
func census(live []*peer) string {
	text, half := fmt.Sprint(len(live)), 0
	for _, p := range live {
		if p.state == closed {
			half++
		}
	}
	if half > 0 {
		text += fmt.Sprintf(", %d half-closed", half)
	}
	return text
}
