package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// COBS frames a message by consistent overhead byte stuffing (Cheshire and Baker,
// 1999) and a delimiter 00. The stuffed bytes are groups: a code byte n and n-1
// bytes that are not zero. A zero of the message stands behind each group, except
// the last and those with code ff. Delimiters before a frame are its head.
var COBS = register(Spec{
	Name:     "cobs",
	Doc:      "consistent overhead byte stuffing, 00; the message is unstuffed and not empty",
	Codec:    cobs{},
	Messages: []string{"h", "hi", "two words", "\x00", "\x00\x00", "a\x00", "\x00a", "\r\n\x00\xff"},
})

type cobs struct{}

// cobsFull is the code of the longest group, behind which no zero is meant.
const cobsFull = 0xff

func (cobs) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	head, err := scanIdle(buf, 0, st)
	if err != nil || head == len(buf) {
		return frame.Span{Head: head}, len("\x01\x00"), err
	}
	i := max(st.Pos, head) // a code byte
	for i < len(buf) {
		code := int(buf[i])
		if code == 0 {
			return frame.Span{Head: head, Body: i - head, Tail: 1}, 0, nil
		}
		next := i + code
		if zero := bytes.IndexByte(buf[i+1:min(next, len(buf))], 0); zero >= 0 {
			return frame.Span{}, 0, frame.Malformed(i+1+zero, "a zero %d bytes behind the code %02x, which promises %d others", zero+1, code, code-1)
		}
		if next > len(buf) {
			st.Pos = i
			return frame.Span{Head: head, Body: len(buf) - head}, next - len(buf) + 1, nil
		}
		i = next
	}
	st.Pos = i
	return frame.Span{Head: head, Body: i - head}, 1, nil
}

func (c cobs) ScanFinal(buf []byte) (frame.Span, error) {
	_, need, _ := c.Scan(buf, &frame.State{})
	return frame.Span{}, scanFinalIdle(buf, 0, need)
}

func (cobs) AppendMessage(dst, raw []byte, sp frame.Span) []byte {
	body := raw[sp.Head : sp.Head+sp.Body]
	for {
		code := int(body[0])
		dst = append(dst, body[1:code]...)
		if body = body[code:]; len(body) == 0 {
			return dst
		}
		if code != cobsFull {
			dst = append(dst, 0)
		}
	}
}

func (cobs) AppendFrame(dst, msg []byte) ([]byte, error) {
	if len(msg) == 0 {
		return dst, frame.Refuse("it is empty; a delimiter behind a delimiter is no frame")
	}
	for {
		run, rest, zero := bytes.Cut(msg, []byte{0})
		for len(run) >= cobsFull-1 {
			dst = append(append(dst, cobsFull), run[:cobsFull-1]...)
			run = run[cobsFull-1:]
			if len(run) == 0 && !zero {
				return append(dst, 0), nil
			}
		}
		dst = append(append(dst, byte(len(run)+1)), run...)
		if !zero {
			return append(dst, 0), nil
		}
		msg = rest
	}
}

func (cobs) FrameEnd(buf []byte) (int, bool) {
	if i := bytes.IndexByte(buf, 0); i >= 0 {
		return i + 1, true
	}
	return len(buf), false
}
