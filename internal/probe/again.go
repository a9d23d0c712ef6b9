package probe

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chancat/channel/internal/text/escape"
)

// An Again is one run of "chancat send" that shows a failure once more: against a
// peer that is right it succeeds, against this one it fails or prints something
// else.
type Again struct {
	Framing   string   // as -f has it
	Messages  [][]byte // as a person types them
	Replies   int
	Wait      time.Duration // for all replies
	Chunks    []int         // bytes of the pieces of each frame
	Gap       time.Duration // between them; 0 means what is usual
	Merge     int           // how many frames go out in one write; 0 means one
	Pause     time.Duration // between the messages
	Size      int           // each message is repeated to this many bytes; 0 means it is not
	HalfClose bool          // after the last message
	Beside    int           // other connections that are kept open meanwhile
	After     []byte        // bytes that are sent before, on a connection of their own
}

// again shows what turns do, each in a frame of its own.
func (r *run) again(turns []turn) *Again {
	all := slices.Concat(r.talk.opening, turns)
	if slices.ContainsFunc(all, func(t turn) bool { return t.bare }) {
		return r.againBare(all)
	}
	a := r.againEmpty()
	for i, t := range all {
		wants := len(t.wants)
		if i >= len(r.talk.opening) && wants == 0 && !t.silent && r.o.Expect.kind != expectNone {
			wants = 1
		}
		a.Replies += wants
		a.Messages = append(a.Messages, t.text)
	}
	return a
}

// againBare shows frames that no message makes, one after the other.
func (r *run) againBare(turns []turn) *Again {
	var raw []byte
	var sizes []int
	replies := 0
	for _, t := range turns {
		raw = append(raw, t.raw()...)
		sizes = append(sizes, len(t.raw()))
		replies += max(1, len(t.wants))
	}
	a := r.againRaw(raw, sizes, replies)
	a.Gap = max(r.o.Gap, 3*round(r.latency))
	return a
}

// againEmpty has no messages yet.
func (r *run) againEmpty() *Again {
	a := &Again{Framing: r.talk.spelling, Wait: time.Second}
	if r.o.Expect.kind == expectNone {
		a.Wait = 300 * time.Millisecond
	}
	a.Wait = max(a.Wait, min(round(20*r.latency), r.longest()))
	a.Replies = len(r.greeting)
	return a
}

// againRaw shows what these bytes do in pieces of those sizes. The framing with
// which they are sent has their end for its delimiter, so that any bytes can be.
func (r *run) againRaw(raw []byte, sizes []int, replies int) *Again {
	a := r.againEmpty()
	body, delimiter := cutDelimiter(raw)
	_, server, ok := strings.Cut(r.o.Framing.Spelling, "/")
	if !ok {
		server = r.o.Framing.Spelling
	}
	a.Framing = "delim=" + spell(delimiter) + "/" + server
	a.Messages = [][]byte{body}
	a.Chunks = sizes
	a.Replies = len(r.greeting) + replies
	return a
}

// cutDelimiter divides raw before the shortest end that does not stand elsewhere in
// it too.
func cutDelimiter(raw []byte) (body, delimiter []byte) {
	for n := 1; n < len(raw); n++ {
		body, delimiter = raw[:len(raw)-n], raw[len(raw)-n:]
		if bytes.Index(raw, delimiter) == len(body) {
			return body, delimiter
		}
	}
	return nil, raw
}

// spell writes a delimiter as the framing delim= reads it.
func spell(delimiter []byte) string {
	var text []byte
	for _, b := range delimiter {
		if b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' {
			text = append(text, b)
		} else {
			text = fmt.Appendf(text, `\x%02x`, b)
		}
	}
	return string(text)
}

// Arguments are the flags, without -f and the address, and the messages. escapes
// says that the messages are written with escapes.
func (a *Again) Arguments() (flags, messages []string) {
	add := func(words ...string) { flags = append(flags, words...) }
	escapes := a.After != nil
	for _, m := range a.Messages {
		text := string(escape.Append(nil, m))
		escapes = escapes || text != string(m)
	}
	for _, m := range a.Messages {
		if escapes {
			m = escape.Append(nil, m)
		}
		messages = append(messages, string(m))
	}
	if escapes {
		add("-e")
	}
	if a.After != nil {
		add("--after", string(escape.Append(nil, a.After)))
	}
	if a.Beside > 0 {
		add("--beside", fmt.Sprint(a.Beside))
	}
	if a.Size > 0 {
		add("--size", fmt.Sprint(a.Size))
	}
	if len(a.Chunks) > 0 {
		add("--chunks", Split{Sizes: a.Chunks}.String())
	}
	if a.Gap > 0 {
		add("--gap", a.Gap.String())
	}
	if a.Merge > 1 {
		add("--deliver", fmt.Sprintf("merge:%d", a.Merge))
	}
	if a.Pause > 0 {
		add("--pause", a.Pause.String())
	}
	if a.HalfClose {
		add("-N")
	}
	if a.Replies > 0 {
		add("-r", fmt.Sprint(a.Replies))
	}
	add("-w", a.Wait.String())
	return flags, messages
}

// String is the sizes as --chunks reads them.
func (s Split) String() string {
	var words []string
	for _, n := range s.Sizes {
		words = append(words, fmt.Sprint(n))
	}
	return strings.Join(words, ",")
}
