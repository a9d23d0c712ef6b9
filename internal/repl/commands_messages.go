package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chancat/channel/internal/diff"
	"github.com/chancat/channel/internal/expect"
	"github.com/chancat/channel/internal/text/escape"
	"github.com/chancat/channel/view"
)

// messageCommands look at messages that were sent or received.
var messageCommands = []command{
	{name: "show", arguments: "N", help: "show all of message N", example: "/show 17", run: show, complete: completeMessage},
	{name: "hexdump", arguments: "N", help: "show the frame of message N, byte by byte", example: "/hexdump 17", run: hexdump, complete: completeMessage},
	{name: "save", arguments: "[-f] N FILE", help: "write the body of message N to a file; -f overwrites", example: "/save 17 answer.json", run: save, complete: completeSave},
	{name: "diff", arguments: "N M", help: "show how message M differs from message N", example: "/diff 17 21", run: compare, complete: completeMessage},
	{name: "history", arguments: "[N]", help: "list the last N messages, 20 if no N is given", example: "/history 50", run: listHistory},
	{name: "stats", help: "counts, bytes, rates and latencies", example: "/stats", run: stats},
}

// recordCommands write down what was, or will be, sent and received.
var recordCommands = []command{
	{name: "script", arguments: "[-f] FILE", help: "write the session so far as a script for chancat expect", example: "/script login.expect", run: writeScript, complete: completeFile},
	{name: "record", arguments: "[-f] FILE|off", help: "record every read and message from now on in a session file", example: "/record bug.session", run: record, complete: completeFile},
}

func show(_ context.Context, s *Session, argument string) error {
	m, err := s.theMessage("show", argument)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Editor.Say(s.appendMessage(nil, m, true))
	return nil
}

// theMessage is the one that the argument of a command names.
func (s *Session) theMessage(command, argument string) (*message, error) {
	words, err := fields(command, argument, 1, 1)
	if err != nil {
		return nil, err
	}
	return s.message(words[0])
}

// hexdumpMost bounds the bytes of a frame that are shown.
const hexdumpMost = 1 << 20

func hexdump(_ context.Context, s *Session, argument string) error {
	m, err := s.theMessage("hexdump", argument)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Appendf(nil, "%s  head %d, body %d, tail %d, at byte %d of the stream\n", s.mark(m), m.span.Head, m.span.Body, m.span.Tail, m.offset)
	s.o.Editor.Say(append(view.AppendHex(text, m.raw, hexdumpMost), '\n'))
	return nil
}

func save(_ context.Context, s *Session, argument string) error {
	rest, over := overwrites(argument)
	word, path, _ := strings.Cut(rest, " ")
	if path = strings.TrimSpace(path); path == "" {
		return usageOf("save")
	}
	m, err := s.message(word)
	if err != nil {
		return err
	}
	path = expand(path, s.o.Getenv)
	f, err := create(path, over)
	if err != nil {
		return err
	}
	_, err = f.Write(m.body)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	s.Note("%s of message %d are in %s", size(len(m.body)), m.number, path)
	return nil
}

func compare(_ context.Context, s *Session, argument string) error {
	words, err := fields("diff", argument, 2, 2)
	if err != nil {
		return err
	}
	a, err := s.message(words[0])
	if err != nil {
		return err
	}
	b, err := s.message(words[1])
	if err != nil {
		return err
	}
	if bytes.Equal(a.body, b.body) {
		s.Note("messages %d and %d are the same", a.number, b.number)
		return nil
	}
	s.o.Editor.Say(diff.Append(nil, a.body, b.body, s.o.ASCII))
	return nil
}

const (
	historyCount      = 20
	historyBytesShown = 60
)

func listHistory(_ context.Context, s *Session, argument string) error {
	words, err := fields("history", argument, 0, 1)
	if err != nil {
		return err
	}
	n := historyCount
	if len(words) == 1 {
		if n, err = strconv.Atoi(words[0]); err != nil || n < 1 {
			return usageOf("history")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var text []byte
	for _, m := range s.kept.last(n) {
		text = append(text, s.mark(m)...)
		text = append(text, "  "...)
		text = escape.AppendPrintable(text, m.body[:min(len(m.body), historyBytesShown)])
		if len(m.body) > historyBytesShown {
			text = append(text, s.ellipsis()...)
		}
		text = append(text, '\n')
	}
	if len(text) == 0 {
		return errors.New("no messages yet")
	}
	s.o.Editor.Say(text)
	return nil
}

func stats(_ context.Context, s *Session, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say(s.counts.report(time.Now()))
	return nil
}

// writeScript writes what is kept. What was sent otherwise than as a message has
// no place in a script, and is a comment.
func writeScript(_ context.Context, s *Session, argument string) error {
	path, over := overwrites(argument)
	if path == "" {
		return usageOf("script")
	}
	path = expand(path, s.o.Getenv)
	f, err := create(path, over)
	if err != nil {
		return err
	}
	s.mu.Lock()
	kept := s.kept.last(ringCount)
	text := fmt.Appendf(nil, "framing %s\n", s.framing.Spelling)
	s.mu.Unlock()
	for _, m := range kept {
		if m.sent {
			text = expect.AppendSend(text, m.peer, sentBytes(m), m.how != "")
		} else {
			text = expect.AppendReceive(text, m.peer, m.body)
		}
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	s.Note("%s in %s", messages(len(kept)), path)
	return nil
}

// sentBytes is what was sent as m: a message, or bytes by hand.
func sentBytes(m *message) []byte {
	if m.how != "" {
		return m.raw
	}
	return m.body
}

func record(_ context.Context, s *Session, argument string) error {
	path, over := overwrites(argument)
	switch path {
	case "":
		return usageOf("record")
	case "off":
		s.stopRecording()
		s.promptNow()
		s.Note("nothing is recorded")
		return nil
	}
	path = expand(path, s.o.Getenv)
	if err := s.Record(path, over); err != nil {
		return err
	}
	s.promptNow()
	s.Note("recording in %s; /record off ends it", path)
	return nil
}
