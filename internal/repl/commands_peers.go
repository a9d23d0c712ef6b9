package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chancat/channel/internal/profile"
)

// peerCommands make, end and choose connections.
var peerCommands = []command{
	{name: "connect", arguments: "ADDR|@PROFILE", help: "connect to a peer, beside those that are connected", example: "/connect localhost:5000", run: connect, complete: completeAddress},
	{name: "listen", arguments: "ADDR", help: "wait for clients", example: "/listen 5000", run: listen, complete: completeAddress},
	{name: "close", arguments: "[N]", help: "close the connection, or that of peer N; without any, stop listening", example: "/close 2", run: closeConnection, complete: completePeer},
	{name: "peers", help: "list the peers", example: "/peers", run: listPeers},
	{name: "to", arguments: "N [TEXT]", help: "send what is typed to peer N only; with TEXT, just that", example: "/to 2", run: to, complete: completePeer},
	{name: "profile", arguments: "[NAME|save [-f] NAME]", help: "list profiles, show one, or keep this peer, framing and view as one", example: "/profile save cache", run: useProfile, complete: completeProfile},
	{name: "heartbeat", arguments: "on|off", help: "answer the heartbeats of the protocol (on at first), or leave them to you", example: "/heartbeat off", run: beatOnOff, complete: completeWords("on", "off")},
	{name: "all", arguments: "[TEXT]", help: "send what is typed to all peers; with TEXT, just that", example: "/all hello", run: toAll},
}

func connect(ctx context.Context, s *Session, argument string) error {
	if argument = strings.TrimSpace(argument); argument == "" {
		return usageOf("connect")
	}
	if name, ok := strings.CutPrefix(argument, profile.Mark); ok {
		return s.connectProfile(ctx, name)
	}
	return s.Connect(ctx, argument)
}

func listen(_ context.Context, s *Session, argument string) error {
	if argument = strings.TrimSpace(argument); argument == "" {
		return usageOf("listen")
	}
	return s.Listen(argument)
}

func closeConnection(_ context.Context, s *Session, argument string) error {
	words, err := fields("close", argument, 0, 1)
	if err != nil {
		return err
	}
	if len(words) == 1 {
		p, err := s.peerNamed(words[0])
		if err != nil {
			return err
		}
		s.closePeer(p)
		return nil
	}
	s.mu.Lock()
	live, listeners := s.present(), s.listeners
	s.mu.Unlock()
	switch len(live) {
	case 0:
		if n := len(listeners); n > 0 {
			s.Note("no longer listening on %s", listeners[n-1].Addr())
			return listeners[n-1].Close()
		}
		return errors.New("not connected")
	case 1:
		s.closePeer(live[0])
		return nil
	}
	return fmt.Errorf("%d peers are connected; /close N closes one, /peers lists them", len(live))
}

func (s *Session) peerNamed(word string) (*peer, error) {
	n, err := number(word)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.peer(n); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no peer %d; /peers lists them", n)
}

func listPeers(_ context.Context, s *Session, argument string) error {
	if _, err := fields("peers", argument, 0, 0); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, l := range s.listeners {
		fmt.Fprintf(&b, "listening on %s\n", l.Addr())
	}
	for _, p := range s.peers {
		state := p.state.word()
		switch {
		case p.state == closed:
			state = "has closed its side"
		case state == "" && p.halved:
			state = "half-closed"
		case state == "":
			state = "connected"
		}
		chosen := " "
		if s.target == p.number {
			chosen = "*"
		}
		fmt.Fprintf(&b, "%s[%d] %s %s, %d received, %d sent\n", chosen, p.number, printable(p.label()), state, p.heard, p.sent)
	}
	if b.Len() == 0 {
		b.WriteString("no peers; /connect ADDR connects, /listen ADDR waits for clients\n")
	}
	s.o.Editor.Say([]byte(b.String()))
	return nil
}

func to(ctx context.Context, s *Session, argument string) error {
	word, text, once := strings.Cut(strings.TrimLeft(argument, " "), " ")
	if word == "" {
		return usageOf("to")
	}
	p, err := s.peerNamed(word)
	if err != nil {
		return err
	}
	if once {
		return s.sendTo(ctx, p, outgoing{body: []byte(text), typed: true})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = p.number
	s.prompt()
	return nil
}

func toAll(ctx context.Context, s *Session, argument string) error {
	s.mu.Lock()
	before := s.target
	s.target = 0
	s.prompt()
	s.mu.Unlock()
	if argument == "" {
		return nil
	}
	err := s.sendTyped(ctx, argument)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = before
	s.prompt()
	return err
}
