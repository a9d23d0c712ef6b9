package framing

import (
	"bytes"
	"fmt"

	"github.com/chancat/channel/frame"
)

// NATS frames messages as the lines of the NATS client protocol, in both
// directions. A line with its payload and the CR LF behind that is one frame, and
// the message is the whole frame.
var NATS = register(Spec{
	Name:      "nats",
	Doc:       "a line of the NATS protocol, with its payload",
	Codec:     nats{},
	Canonical: true,
	Messages: []string{"PING\r\n", "+OK\r\n", "PUB a 2\r\nhi\r\n", "MSG a 1 r 0\r\n\r\n", "hpub a 5 7\r\nH\r\n\r\nhi\r\n",
		"INFO {}\r\n", "HMSG a 1 r 5 5\r\nH\r\n\r\n\r\n", "-ERR 'no'\r\n"},
	Long: func(n int) []byte { return fmt.Appendf(nil, "PUB a %d\r\n%s\r\n", n, bytes.Repeat([]byte{'x'}, n)) },
})

type nats struct{}

var natsVerbs = vocabulary{
	words: []string{"INFO", "CONNECT", "PUB", "HPUB", "SUB", "UNSUB", "MSG", "HMSG", "PING", "PONG", "+OK", "-ERR"},
	fold:  true,
	what:  "a NATS verb such as INFO or PUB",
}

func (nats) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	return scanCommand(buf, st, &natsVerbs, natsBlock)
}

// natsCounted are the verbs that count a payload: the fewest and the most words of
// their lines. With headers the last but one counts those.
var natsCounted = []struct {
	verb        string
	least, most int
	headers     bool
}{
	{"PUB", 3, 4, false},
	{"MSG", 4, 5, false},
	{"HPUB", 4, 5, true},
	{"HMSG", 5, 6, true},
}

func natsBlock(verb string, line []byte) (size, at int, err error) {
	var list [7]word
	n := words(line, list[:])
	if (verb == "INFO" || verb == "CONNECT") && (n < 2 || line[list[1].start] != '{') {
		return 0, 0, frame.Malformed(len(line), "%s without its JSON object", verb)
	}
	for _, c := range natsCounted {
		if verb != c.verb {
			continue
		}
		if n < c.least || n > c.most {
			return 0, 0, frame.Malformed(len(line), "%s with %d words, want %d or %d", verb, n, c.least, c.most)
		}
		total := list[n-1]
		if size, err = count(line[total.start:total.end], total.start, "bytes of the payload"); err != nil || !c.headers {
			return size, total.start, err
		}
		part := list[n-2]
		head, err := count(line[part.start:part.end], part.start, "bytes of the headers")
		if err == nil && head > size {
			err = frame.Malformed(part.start, "%d bytes of headers in %d bytes altogether", head, size)
		}
		return size, total.start, err
	}
	return noBlock, 0, nil
}

func (c nats) AppendFrame(dst, msg []byte) ([]byte, error) {
	var st frame.State
	sp, need, err := c.Scan(msg, &st)
	return appendWhole(dst, msg, "one line of the NATS protocol", sp, need, err)
}

func (nats) LengthOffset(raw []byte) int { return blockOffset(raw, &natsVerbs, natsBlock) }

// Compose counts the payload, which is what stands behind the subject of PUB, or
// the subject and the number of MSG, and ends the line of every verb.
func (c nats) Compose(dst, typed []byte) ([]byte, error) {
	if whole, err := c.AppendFrame(dst, typed); err == nil {
		return whole, nil
	}
	verb, _ := natsVerbs.find(append(bytes.Clone(typed), '\r'), 0)
	n := 0 // words before the payload
	switch verb {
	case "PUB":
		n = 2
	case "MSG":
		n = 3
	default:
		return composeLine(c, dst, typed)
	}
	line, payload, ok := cutWords(typed, n)
	if !ok {
		return dst, frame.Refuse("%s without a subject", verb)
	}
	return c.AppendFrame(dst, fmt.Appendf(nil, "%s %d\r\n%s\r\n", line, len(payload), payload))
}
