package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// Line frames a message as its text and LF. On receipt a CR before the LF is part
// of the tail, and the end of the stream ends the last line as well
// (docs/spec.md §4).
var Line = register(Spec{
	Name:     "line",
	Doc:      "text, LF; a CR before the LF is not delivered, the last line may lack its LF",
	Codec:    line{},
	Messages: []string{"", "hi", "two words", "a\rb", "\x00\xff", "naïve"},
})

type line struct{}

func (line) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	i := bytes.IndexByte(buf[st.Pos:], '\n')
	if i < 0 {
		st.Pos = len(buf)
		return frame.Span{Body: withoutCR(buf)}, 1, nil
	}
	i += st.Pos
	body := withoutCR(buf[:i])
	return frame.Span{Body: body, Tail: i + 1 - body}, 0, nil
}

func (line) ScanFinal(buf []byte) (frame.Span, error) {
	body := withoutCR(buf)
	return frame.Span{Body: body, Tail: len(buf) - body}, nil
}

// withoutCR returns the length of text without the CR that ends it.
func withoutCR(text []byte) int {
	if n := len(text); n > 0 && text[n-1] == '\r' {
		return n - 1
	}
	return len(text)
}

func (l line) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(l, dst, msg) }

func (line) AppendHead(dst, msg []byte) ([]byte, error) {
	if i := bytes.IndexByte(msg, '\n'); i >= 0 {
		return dst, frame.Refuse("it holds LF at byte %d, where its line would end", i)
	}
	if withoutCR(msg) < len(msg) {
		return dst, frame.Refuse("it ends in CR, which is not delivered before LF")
	}
	return dst, nil
}

func (line) AppendTail(dst, _ []byte) []byte { return append(dst, '\n') }

func (line) FrameEnd(buf []byte) (int, bool) {
	if i := bytes.IndexByte(buf, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(buf), false
}
