package framing

import (
	"slices"

	"github.com/chancat/channel/frame"
)

// A Rule is a codec of this package taken apart, for whoever writes the same
// framing down in another language.
type Rule struct {
	// Name is the framing's. It is "length" for every length field and preset
	// without an opening, "delim" for every delimiter but line, and
	// "msg-lenient" and "fastdaemon-chars" for these two.
	Name      string
	Server    bool // what a server sends, where that differs
	Delimiter string
	Length    LengthRule // of "length", "amqp", "http2" and "postgres"
}

// A LengthRule is a length field: lead, length, pad, body, trail.
type LengthRule struct {
	Code   string // "fixed", "varint" or "bsuint"
	Width  int    // bytes of the length; of a varint or bsuint the most
	Little bool

	Lead, Pad, Trail string
	Magic            string // what lead must start with
	Plus             int    // the length is the body's plus this
	Incl             bool   // and plus the bytes of the length itself
	Counts           string // where Plus or Incl say so: what the length counts
	Checksum         string // "crc16", "crc32", "sum8" or empty

	Kept  bool // the message starts inside the head, at Strip
	Strip int
}

// RuleOf takes a codec that [Parse] made apart. It reports false for any other.
func RuleOf(c frame.Codec) (Rule, bool) {
	switch c := c.(type) {
	case *lengthField:
		return Rule{Name: "length", Length: c.rules()}, true
	case *magicField:
		return Rule{Name: "length", Length: c.rules()}, true
	case *keptField:
		return Rule{Name: "length", Length: c.rules()}, true
	case *wholeField:
		return Rule{Name: "length", Length: c.rules()}, true
	case *amqp:
		return Rule{Name: "amqp", Length: c.rules()}, true
	case *http2Client:
		return Rule{Name: "http2", Length: c.rules()}, true
	case *postgres:
		return Rule{Name: "postgres", Server: !c.startup, Length: c.typed.rules()}, true
	case *delimiter:
		return Rule{Name: "delim", Delimiter: string(c.text)}, true
	case lenientMSG:
		return Rule{Name: "msg-lenient"}, true
	case fastdaemonChars:
		return Rule{Name: "fastdaemon-chars"}, true
	case resp:
		return Rule{Name: "resp", Server: !c.inline}, true
	case *webSocket:
		return Rule{Name: "ws", Server: !c.masked}, true
	case memcached:
		return Rule{Name: "memcached", Server: c.words == &memcachedReplies}, true
	}
	i := slices.IndexFunc(registry, func(s Spec) bool { return s.Codec == c })
	if i < 0 {
		return Rule{}, false
	}
	return Rule{Name: registry[i].Name}, true
}

func (c *lengthField) rules() LengthRule {
	r := LengthRule{
		Lead: string(c.lead), Pad: string(c.pad), Trail: string(c.trail), Magic: string(c.magic),
		Plus: c.plus, Incl: c.incl, Counts: c.rule,
	}
	switch code := c.length.(type) {
	case fixed:
		r.Code, r.Width, r.Little = "fixed", code.width, code.little
	case varint:
		r.Code, r.Width = "varint", code.width
	case bsuint:
		r.Code, r.Width = "bsuint", maxVarint
	}
	if c.check != nil {
		r.Checksum = c.check.name
	}
	return r
}

func (c *keptField) rules() LengthRule {
	r := c.field.rules()
	r.Kept, r.Strip = true, c.strip
	return r
}
