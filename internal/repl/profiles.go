package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/profile"
	"github.com/chancat/channel/internal/text"
)

// ReadMessages reads messages of at most max bytes from a file that has one a line,
// with escapes, as --on-connect has it.
func ReadMessages(path string, max int) (messages [][]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	coding, err := text.Parse("escape")
	if err != nil {
		return nil, err
	}
	lines := coding.NewReader(f, max)
	for {
		msg, err := lines.Next()
		if err == io.EOF {
			return messages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		messages = append(messages, append([]byte{}, msg...))
	}
}

func (s *Session) profiles() string {
	if s.o.Getenv == nil {
		return ""
	}
	return profile.Folder(s.o.Getenv)
}

// connectProfile connects to a peer by its name, and takes over its framing and
// view.
func (s *Session) connectProfile(ctx context.Context, name string) error {
	p, err := profile.Load(s.profiles(), name)
	if err != nil {
		return err
	}
	if p.View != "" {
		if err := setView(ctx, s, p.View); err != nil {
			return fmt.Errorf("profile %s: %w", name, err)
		}
	}
	if p.Framing != "" {
		f, err := framing.Parse(p.Framing)
		if err != nil {
			return fmt.Errorf("profile %s: %w", name, err)
		}
		s.useFraming(f)
	}
	greeting := s.o.OnConnect
	if p.OnConnect != "" {
		s.mu.Lock()
		limit := s.framing.C2S.Max
		s.mu.Unlock()
		if greeting, err = ReadMessages(p.OnConnect, limit); err != nil {
			return fmt.Errorf("profile %s: %w", name, err)
		}
	}
	return s.connect(ctx, &peer{address: p.Address, greeting: greeting, slot: make(chan struct{}, 1)})
}

// useProfile lists the profiles, shows one, or saves what the session is now.
func useProfile(_ context.Context, s *Session, argument string) error {
	words := strings.Fields(argument)
	switch {
	case len(words) == 0:
		names := profile.Names(s.profiles())
		if len(names) == 0 {
			s.Note("no profiles; /profile save NAME keeps this peer as one, which /connect %sNAME connects to", profile.Mark)
			return nil
		}
		s.say(printable(strings.Join(names, "\n")))
		return nil
	case words[0] == "save":
		rest, over := overwrites(strings.TrimPrefix(strings.TrimSpace(argument), "save"))
		return s.saveProfile(rest, over)
	case len(words) > 1:
		return usageOf("profile")
	}
	p, err := profile.Load(s.profiles(), words[0])
	if err != nil {
		return err
	}
	for _, field := range []struct{ name, value string }{
		{"address", p.Address}, {"framing", p.Framing}, {"view", p.View}, {"on-connect", p.OnConnect},
	} {
		if field.value != "" {
			s.say(printable(fmt.Sprintf("%-10s %s", field.name, field.value)))
		}
	}
	return nil
}

func (s *Session) saveProfile(name string, over bool) error {
	if name == "" {
		return usageOf("profile")
	}
	s.mu.Lock()
	p := profile.Profile{Name: name, Framing: s.framing.Spelling}
	if s.viewName != "auto" {
		p.View = s.viewName
	}
	for _, other := range s.peers {
		if other.address != "" && (p.Address == "" || other.number == s.target) {
			p.Address = other.address
		}
	}
	s.mu.Unlock()
	if p.Address == "" {
		return errors.New("there is no peer that this session has connected to")
	}
	path, err := p.Save(s.profiles(), over)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists; /profile save -f %s overwrites", path, name)
	}
	if err != nil {
		return err
	}
	s.Note("saved as %s; /connect %s%s, or chancat %s%s, connects to it", path, profile.Mark, name, profile.Mark, name)
	return nil
}

func completeProfile(s *Session, argument string) (all []Candidate, word string) {
	for _, name := range append([]string{"save "}, profile.Names(s.profiles())...) {
		all = append(all, Candidate{Text: name})
	}
	return all, argument
}
