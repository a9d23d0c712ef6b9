package frametest

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// noLimit is a limit that no test input reaches, so that nothing but the codec
// and the Reader keeps a claim from being believed.
const noLimit = 1<<31 - 1

var anyBytes = [][]byte{
	{},
	[]byte("hi"),
	[]byte("\r\n"),
	{0, 0xff, '\n', 0xc0, 0xdb, 0x80},
	bytes.Repeat([]byte{'a', 0, '\n'}, 100),
}

func acceptable(c frame.Codec) (messages [][]byte) {
	for _, m := range anyBytes {
		if _, err := c.AppendFrame(nil, m); err == nil {
			messages = append(messages, m)
		}
	}
	return messages
}

// stream returns the frames of the messages, short ones only, so that the
// checks that vary it at every byte stay quick.
func stream(t TB, c Case) []byte {
	t.Helper()
	const most = 160
	if len(c.Messages) == 0 {
		t.Fatalf("no messages, and the codec refuses those of any bytes")
	}
	var s, shortest []byte
	for _, m := range c.Messages {
		f, err := c.Codec.AppendFrame(nil, m)
		if err != nil {
			t.Fatalf("AppendFrame(%q): %v", clip(m), err)
		}
		if len(s)+len(f) <= most {
			s = append(s, f...)
		}
		if shortest == nil || len(f) < len(shortest) {
			shortest = f
		}
	}
	if len(s) == 0 {
		s = shortest
	}
	return s
}

// damaged calls yield with in, then with in cut off, changed, shortened and
// lengthened at every place, with each result once. yield must not keep its argument.
func damaged(in []byte, yield func([]byte)) {
	seen := map[string]bool{}
	once := func(b []byte) {
		if !seen[string(b)] {
			seen[string(b)] = true
			yield(b)
		}
	}
	once(in)
	var b []byte
	for i := 0; i < len(in); i += sampled {
		once(in[:i])
		for _, c := range []byte{in[i] ^ 1, in[i] ^ 0x80, 0, 0xff, '\r', '\n', '0', ' '} {
			b = append(b[:0], in...)
			b[i] = c
			once(b)
			once(b[:i+1])
		}
		b = append(append(b[:0], in[:i]...), in[i+1:]...)
		once(b)
		for _, c := range []byte{in[i], '0', ' ', '\r'} {
			b = append(append(append(b[:0], in[:i]...), c), in[i:]...)
			once(b)
		}
	}
}

// scan is Scan, or ScanFirst at the start of a stream.
func scan(c frame.Codec, offset int, buf []byte, st *frame.State) (frame.Span, int, error) {
	if f, ok := c.(frame.FirstScanner); ok && offset == 0 {
		return f.ScanFirst(buf, st)
	}
	return c.Scan(buf, st)
}

// message returns the message of a complete frame.
func message(c frame.Codec, raw []byte, sp frame.Span) []byte {
	if a, ok := c.(frame.MessageAppender); ok {
		return a.AppendMessage(nil, raw, sp)
	}
	return raw[sp.Head : sp.Head+sp.Body]
}

// clip shortens what an error message quotes.
func clip(b []byte) []byte {
	const most = 200
	if len(b) > most {
		return append(b[:most:most], "…"...)
	}
	return b
}
