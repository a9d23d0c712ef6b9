package detect

import (
	"bytes"

	"github.com/chancat/channel/framing"
)

const (
	headedLines  = 64 // of a stream in which the first head is looked for
	headedFrames = 3  // that show it
)

// headed looks for a line from which on a stream is frames behind heads of text, and
// returns the name of their framing and where they begin. Such a stream that begins
// inside a frame is lines of text, too.
func headed(streams []Stream) (name string, at int) {
	for _, s := range streams {
		b := s.seen()
		pos := 0
		for range headedLines {
			i := bytes.IndexByte(b[pos:], '\n')
			if i < 0 {
				break
			}
			for _, name := range []string{"lsp", "msg", "nats", "chunked"} {
				start := pos
				if name == "msg" && start >= len("\r\n") {
					start -= len("\r\n") // its head begins with the end of a line
				}
				if start > 0 && heads(b[start:], name) {
					return name, start
				}
			}
			pos += i + 1
		}
	}
	return "", 0
}

// heads reports whether b begins with frames of a framing that have a body, and none of
// the first breaks.
func heads(b []byte, name string) bool {
	f, err := framing.Parse(name)
	if err != nil {
		return false
	}
	rest, bodies := b, 0
	for bodies < headedFrames {
		t := Tile(Stream{Data: rest}, f, 1)
		if t.Err != nil || t.Frames == 0 {
			return false
		}
		frame := rest[:t.Bytes]
		if name != "nats" || bytes.Count(frame, []byte{'\n'}) > 1 {
			bodies++
		}
		rest = rest[t.Bytes:]
	}
	return true
}
