package text

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// delimited cuts a stream after every such byte. It differs from the framing
// line in what a shell pipe needs: a CR before the LF belongs to the message.
type delimited byte

func (d delimited) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	i := bytes.IndexByte(buf[st.Pos:], byte(d))
	if i < 0 {
		st.Pos = len(buf)
		return frame.Span{Body: len(buf)}, 1, nil
	}
	return frame.Span{Body: st.Pos + i, Tail: 1}, 0, nil
}

func (delimited) ScanFinal(buf []byte) (frame.Span, error) {
	return frame.Span{Body: len(buf)}, nil
}

func (d delimited) AppendFrame(dst, msg []byte) ([]byte, error) {
	return append(append(dst, msg...), byte(d)), nil
}

// AppendHead makes delimited a [frame.Splitter].
func (delimited) AppendHead(dst, _ []byte) ([]byte, error) { return dst, nil }

// AppendTail appends the delimiter.
func (d delimited) AppendTail(dst, _ []byte) []byte { return append(dst, byte(d)) }

// whole takes all of a stream as one piece.
type whole struct{}

func (whole) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	return frame.Span{Body: len(buf)}, 1, nil
}

func (whole) ScanFinal(buf []byte) (frame.Span, error) {
	return frame.Span{Body: len(buf)}, nil
}

func (whole) AppendFrame(dst, msg []byte) ([]byte, error) { return append(dst, msg...), nil }

// AppendHead makes whole a [frame.Splitter].
func (whole) AppendHead(dst, _ []byte) ([]byte, error) { return dst, nil }

// AppendTail appends nothing.
func (whole) AppendTail(dst, _ []byte) []byte { return dst }
