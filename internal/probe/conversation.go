package probe

import (
	"fmt"
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/mutate"
)

// A turn is one message of ours and the replies to it.
type turn struct {
	text   []byte // as a person types it
	frame  frame.Frame
	layout mutate.Layout
	wants  []*want // to its first time on a connection
	again  []*want // to later times
	silent bool    // known to have no reply
	bare   bool    // no message of the framing makes this frame
}

func (t turn) raw() []byte { return t.frame.Raw }

// A conversation is what one connection carries: the opening, once, and the
// messages, which may be said again.
type conversation struct {
	opening  []turn
	messages []turn
	samples  []turn // said behind the messages where one connection is all that listens
	once     bool   // the peer answers the messages once a connection
	echoes   bool   // it sends every message back
	codec    frame.Codec
	spelling string // of the framing that the frames were made with

	carry  func(payload []byte) (turn, string) // a message that holds payload, or why there is none
	strict bool                                // what carry makes has replies that are known
	ignore func(reply) bool                    // what the peer says unasked

	refused error // the peer cannot be connected to
}

// newConversation frames the messages, or those that are known for the framing.
func newConversation(o Options) (*conversation, error) {
	c := &conversation{codec: o.Framing.C2S.Codec, spelling: o.Framing.Spelling}
	if o.Whole {
		c.codec, c.spelling = whole{}, ""
	}
	known := protocolOf(c.spelling)
	if o.Whole {
		known = nil
	}
	if known != nil {
		c.ignore = known.ignore
		if known.open != nil {
			if err := known.open(c); err != nil {
				return nil, err
			}
		}
	}
	if len(o.Messages) == 0 && known != nil && known.talk != nil && o.Expect.kind != expectEcho {
		return c, known.talk(c)
	}
	messages := o.Messages
	if len(messages) == 0 {
		ping := []byte("ping")
		body, err := typed(c.codec, ping)
		if err == nil {
			_, err = c.turn(ping, body)
		}
		if err != nil {
			body, _ = wrap(c.name(), ping)
			ping = body
		}
		if _, err := c.turn(ping, body); err != nil {
			return nil, fmt.Errorf("%s has no message that is known to do no harm; say one with --send: %w", c.spelling, err)
		}
		messages = []Message{{ping, body}}
	}
	for _, m := range messages {
		t, err := c.turn(m.Text, m.Body)
		if err != nil {
			return nil, err
		}
		c.messages = append(c.messages, t)
	}
	switch {
	case o.Expect.kind == expectEcho:
		c.echoes = true
		c.expectEcho()
	case known == nil || known.opaque:
		c.carry = c.plain
	default:
		c.carry = func([]byte) (turn, string) {
			return turn{}, "a message of " + c.name() + " cannot hold just anything"
		}
	}
	return c, nil
}

// name is the name of the framing, without its options.
func (c *conversation) name() string {
	client, _, _ := strings.Cut(c.spelling, "/")
	name, _, _ := strings.Cut(client, ",")
	name, _, _ = strings.Cut(name, "=")
	return name
}

func (c *conversation) turn(text, body []byte) (turn, error) {
	f, err := frameOf(c.codec, body)
	if err != nil {
		return turn{}, err
	}
	return turn{text: text, frame: f, layout: mutate.LayoutOf(f, c.codec)}, nil
}

// expectEcho makes every message its own reply.
func (c *conversation) expectEcho() {
	c.strict = true
	c.carry = func(payload []byte) (turn, string) {
		t, reason := c.plain(payload)
		if reason == "" {
			c.echoed(&t)
		}
		return t, reason
	}
	for i := range c.messages {
		c.echoed(&c.messages[i])
	}
}

func (c *conversation) echoed(t *turn) {
	t.wants = []*want{{msg: messageOf(c.codec, t.frame)}}
	t.again = t.wants
}

// plain is a message that holds payload and nothing else.
func (c *conversation) plain(payload []byte) (turn, string) {
	body, reason := wrap(c.name(), payload)
	if reason != "" {
		return turn{}, reason
	}
	t, err := c.turn(body, body)
	if err != nil {
		return turn{}, fmt.Sprintf("%s cannot carry it: %v", c.name(), err)
	}
	return t, ""
}

// answered is a message of body, of which the reply is known.
func (c *conversation) answered(body []byte, reply want) (turn, string) {
	t, err := c.turn(body, body)
	if err != nil {
		return t, err.Error()
	}
	t.wants = []*want{&reply}
	t.again = t.wants
	return t, ""
}

// acts is the conversation on one connection, each frame in one write.
func (c *conversation) acts() []act {
	acts := c.openingActs()
	for _, t := range c.messages {
		acts = append(acts, t.act())
	}
	return acts
}

func (c *conversation) openingActs() []act {
	var acts []act
	for _, t := range c.opening {
		acts = append(acts, t.act())
	}
	return acts
}

// turns are all frames of one connection, the opening's first.
func (c *conversation) turns() []turn { return append(append([]turn{}, c.opening...), c.messages...) }

// cuttable are the turns and samples.
func (c *conversation) cuttable() []turn { return append(c.turns(), c.samples...) }

// fullActs are acts with the samples.
func (c *conversation) fullActs() []act {
	acts := c.acts()
	for _, t := range c.samples {
		acts = append(acts, t.act())
	}
	return acts
}

// repeats reports whether the messages may be said again on a connection.
func (c *conversation) repeats() bool { return !c.once || c.echoes }

func (t turn) act() act { return act{pieces: [][]byte{t.raw()}, wants: t.wants} }

// messageOf is what a frame of our own carries.
func messageOf(c frame.Codec, f frame.Frame) []byte {
	if u, ok := c.(frame.MessageAppender); ok {
		return u.AppendMessage(nil, f.Raw, f.Span)
	}
	return f.Body()
}

// whole is the codec of a transport that keeps messages apart: a message is a
// frame.
type whole struct{}

func (whole) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	return frame.Span{Body: len(buf)}, 0, nil
}

func (whole) AppendFrame(dst, msg []byte) ([]byte, error) { return append(dst, msg...), nil }
