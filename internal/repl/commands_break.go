package repl

import (
	"context"
	"errors"
	"strings"
	"time"

	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/internal/text/escape"
)

// breakCommands are what probe does, by hand.
var breakCommands = []command{
	{name: "chunks", arguments: "SIZES|1|split|merge|random:SEED|off", help: "write frames in pieces of these sizes; 1 is byte by byte", example: "/chunks 2,11", run: setChunks, complete: completeWords("1", "split", "merge", "random:", "off")},
	{name: "gap", arguments: "D", help: "pause between the pieces of /chunks", example: "/gap 20ms", run: setGap},
	{name: "raw", arguments: "BYTES", help: "send bytes with escapes as they are, without framing", example: `/raw \r\nMSG 5\r\nhel`, run: sendRaw},
	{name: "bad", arguments: "KIND [TEXT]", help: "send TEXT, or the last message again, in a bad frame: " + strings.Join(mutate.FrameFaults(), ", "), example: "/bad length+1 hello", run: sendBad, complete: completeWords(mutate.FrameFaults()...)},
}

func setChunks(_ context.Context, s *Session, argument string) error {
	argument = strings.TrimSpace(argument)
	var d mutate.Delivery
	var err error
	switch word, _, _ := strings.Cut(argument, ":"); {
	case argument == "":
		return usageOf("chunks")
	case argument == "off":
	case argument == "1":
		d, err = mutate.ParseDelivery("each-byte")
	case strings.Trim(word, "0123456789, ") == "":
		d, err = mutate.ParseChunks(argument)
	default:
		d, err = mutate.ParseDelivery(argument)
	}
	if err != nil {
		return misused("%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delivery = &delivery{d, s.delivery.gap}
	s.prompt()
	return nil
}

func setGap(_ context.Context, s *Session, argument string) error {
	d, err := time.ParseDuration(strings.TrimSpace(argument))
	if err != nil || d < 0 {
		return usageOf("gap")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delivery = &delivery{s.delivery.Delivery, d}
	return nil
}

func sendRaw(ctx context.Context, s *Session, argument string) error {
	raw, err := escape.Unescape(nil, []byte(argument))
	if err != nil {
		return misused("%v", err)
	}
	if len(raw) == 0 {
		return usageOf("raw")
	}
	return s.sendOut(ctx, outgoing{raw: raw, how: "raw"})
}

func sendBad(ctx context.Context, s *Session, argument string) error {
	kind, text, given := strings.Cut(strings.TrimLeft(argument, " "), " ")
	if kind == "" {
		return usageOf("bad")
	}
	targets, err := s.targets()
	if err != nil {
		return err
	}
	for _, p := range targets {
		raw, badErr := s.badFrame(p, kind, []byte(text), given)
		if badErr == nil {
			badErr = s.sendTo(ctx, p, outgoing{raw: raw, how: "bad " + kind})
		}
		err = errors.Join(err, badErr)
	}
	return err
}

// badFrame is the frame of text, or of the last message, with a fault.
func (s *Session) badFrame(p *peer, kind string, text []byte, given bool) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !given {
		if p.sentLast == nil {
			return nil, misused("no message was sent yet; give one, such as /bad %s hello", kind)
		}
		text = p.sentLast
	}
	c := p.sends(s.framing).Codec
	raw, err := c.AppendFrame(nil, text)
	if err != nil {
		return nil, err
	}
	bad, err := mutate.SpoilFrame(kind, wire.Frame{Raw: raw, Span: spanOf(c, raw, p.sentAt == 0)}, c)
	if err != nil {
		return nil, misused("%v", err)
	}
	return bad, nil
}
