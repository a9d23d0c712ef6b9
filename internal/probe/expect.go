package probe

import (
	"bytes"
	"fmt"

	"github.com/chancat/channel/internal/text/escape"
)

// An Expect says which replies are right.
type Expect struct {
	kind expectKind
	text []byte
}

type expectKind int

const (
	expectReply expectKind = iota
	expectEcho
	expectNone
	expectText
)

// ParseExpect reads echo, reply, none, or a text that each reply has to hold; text
// has been freed of its escapes. Reply, also the zero Expect, means that the replies
// of the baseline are right.
func ParseExpect(text []byte) Expect {
	switch string(text) {
	case "reply", "":
		return Expect{}
	case "echo":
		return Expect{kind: expectEcho}
	case "none":
		return Expect{kind: expectNone}
	}
	return Expect{kind: expectText, text: text}
}

// A want is one reply that has to come.
type want struct {
	raw   []byte // the whole frame
	msg   []byte // the message; only looked at without raw
	any   bool   // whatever it is
	holds []byte // what it has to hold
}

// differs says how got is not what is wanted; empty if it is.
func (w *want) differs(got reply) string {
	switch {
	case len(w.holds) > 0 && !bytes.Contains(got.msg, w.holds) && !bytes.Contains(got.raw, w.holds):
		return fmt.Sprintf("%s does not hold %s", quote(got.msg), quote(w.holds))
	case w.any:
	case w.raw != nil && !bytes.Equal(got.raw, w.raw):
		return difference(got.raw, w.raw)
	case w.raw == nil && !bytes.Equal(got.msg, w.msg):
		return difference(got.msg, w.msg)
	}
	return ""
}

// difference says how got differs from want.
func difference(got, want []byte) string {
	const short = 40 // bytes that are shown whole
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	switch {
	case len(got) <= short && len(want) <= short:
		return fmt.Sprintf("%s, want %s", quote(got), quote(want))
	case at == len(got):
		return fmt.Sprintf("the first %d of %d bytes", len(got), len(want))
	case at == len(want):
		return fmt.Sprintf("%d bytes, of which the first %d are right", len(got), len(want))
	}
	return fmt.Sprintf("%d bytes, want %d; byte %d is %s, want %s", len(got), len(want), at, quote(got[at:at+1]), quote(want[at:at+1]))
}

// quote shows at most so much of text.
func quote(text []byte) string {
	const most = 40 // bytes
	more := ""
	if len(text) > most {
		text, more = text[:most], fmt.Sprintf("… (%d bytes)", len(text))
	}
	return `"` + string(escape.Append(nil, text)) + `"` + more
}
