package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// SLIP frames a message as in RFC 1055: END, the message with END and ESC
// escaped, END. On receipt any number of END bytes may come first; they are the
// head, and the body is what stands on the wire, escaped.
var SLIP = register(Spec{
	Name:     "slip",
	Doc:      "RFC 1055: END (c0), escaped bytes, END; the message is unescaped and not empty",
	Codec:    slip{},
	Messages: []string{"h", "hi", "two words", "\xc0", "\xdb", "\xdb\xdc\xdb\xdd", "a\xc0\xc0b\xdb", "\r\n\x00\xff"},
})

type slip struct{}

// The special bytes, by their names in RFC 1055.
const (
	slipEnd    = 0xc0
	slipEsc    = 0xdb
	slipEscEnd = 0xdc // behind ESC: an END of the message
	slipEscEsc = 0xdd // behind ESC: an ESC of the message
)

func (slip) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	head, err := scanIdle(buf, slipEnd, st)
	if err != nil || head == len(buf) {
		return frame.Span{Head: head}, len("xE"), err
	}
	i := max(st.Pos, head)
	for i < len(buf) {
		switch buf[i] {
		case slipEnd:
			return frame.Span{Head: head, Body: i - head, Tail: 1}, 0, nil
		case slipEsc:
			if i+1 == len(buf) {
				st.Pos = i
				return frame.Span{Head: head, Body: i + 1 - head}, len("xE"), nil
			}
			if c := buf[i+1]; c != slipEscEnd && c != slipEscEsc {
				return frame.Span{}, 0, frame.Malformed(i+1, "got %02x after ESC (db), want dc or dd", c)
			}
			i += 2
		default:
			i++
		}
	}
	st.Pos = i
	return frame.Span{Head: head, Body: i - head}, 1, nil
}

func (s slip) ScanFinal(buf []byte) (frame.Span, error) {
	_, need, _ := s.Scan(buf, &frame.State{})
	return frame.Span{}, scanFinalIdle(buf, slipEnd, need)
}

func (slip) AppendMessage(dst, raw []byte, sp frame.Span) []byte {
	body := raw[sp.Head : sp.Head+sp.Body]
	for {
		i := bytes.IndexByte(body, slipEsc)
		if i < 0 {
			return append(dst, body...)
		}
		dst = append(dst, body[:i]...)
		if body[i+1] == slipEscEnd {
			dst = append(dst, slipEnd)
		} else {
			dst = append(dst, slipEsc)
		}
		body = body[i+2:]
	}
}

func (slip) AppendFrame(dst, msg []byte) ([]byte, error) {
	if len(msg) == 0 {
		return dst, frame.Refuse("it is empty; two END bytes with nothing between them are no frame")
	}
	dst = append(dst, slipEnd)
	for _, b := range msg {
		switch b {
		case slipEnd:
			dst = append(dst, slipEsc, slipEscEnd)
		case slipEsc:
			dst = append(dst, slipEsc, slipEscEsc)
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, slipEnd), nil
}

func (slip) FrameEnd(buf []byte) (int, bool) {
	if i := bytes.IndexByte(buf, slipEnd); i >= 0 {
		return i + 1, true
	}
	return len(buf), false
}
