package framing

import (
	"bytes"
	"fmt"

	"github.com/chancat/channel/frame"
)

// STOMP frames messages as the frames of STOMP 1.0 to 1.2: a command, headers, an
// empty line, a body and NUL. The body ends at the first NUL, or where the header
// content-length says. The message is the frame from its command on. Line ends
// before it, which STOMP calls heart-beats, are head: they carry nothing.
var STOMP = register(Spec{
	Name:     "stomp",
	Doc:      "a command, header lines, an empty line, the body, NUL",
	Codec:    stomp{},
	Messages: []string{"SEND\n\nhi\x00", "CONNECTED\r\nversion:1.2\r\n\r\n\x00", "MESSAGE\ncontent-length:3\nx:\\c\n\na\x00b\x00"},
	Long:     func(n int) []byte { return fmt.Appendf(nil, "SEND\n\n%s\x00", bytes.Repeat([]byte{'x'}, n)) },
})

type stomp struct{}

var stompCommands = vocabulary{
	words: []string{"CONNECT", "STOMP", "CONNECTED", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT",
		"ABORT", "DISCONNECT", "MESSAGE", "RECEIPT", "ERROR"},
	what: "a STOMP command",
}

const stompLength = "content-length"

// In a State, Pos is what was examined, Depth the start of the line at hand and
// later of the body, Pending the declared length of the body plus 1, and Nest[0]
// the part, Nest[1] the length of the head.
const (
	stompBeats = iota
	stompCommand
	stompHeader
	stompBody
)

func (stomp) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if st.Nest[0] == stompBeats {
		for st.Pos < len(buf) && (buf[st.Pos] == '\n' || buf[st.Pos] == '\r') {
			if st.Pos == maxHead {
				return frame.Span{}, 0, frame.Malformed(st.Pos, "more than %d bytes of line ends before a frame", maxHead)
			}
			if i := st.Pos; i > 0 && buf[i-1] == '\r' && buf[i] != '\n' {
				return frame.Span{}, 0, stompAfterCR(buf, i)
			}
			st.Pos++
		}
		if st.Pos == len(buf) {
			return frame.Span{}, 1, nil
		}
		if i := st.Pos; i > 0 && buf[i-1] == '\r' {
			return frame.Span{}, 0, stompAfterCR(buf, i)
		}
		st.Depth, st.Nest[1], st.Nest[0] = st.Pos, uint64(st.Pos), stompCommand
	}
	head := int(st.Nest[1])
	if st.Nest[0] == stompCommand {
		if _, err := stompCommands.find(buf, head); err != nil {
			return frame.Span{}, 0, err
		}
	}
	for st.Nest[0] != stompBody {
		if whole, err := stompLine(buf, st, head); err != nil {
			return frame.Span{}, 0, err
		} else if !whole {
			return frame.Span{}, 1, nil
		}
	}
	sp := frame.Span{Head: head}
	if st.Pending > 0 {
		end := st.Depth + st.Pending - 1
		sp.Body = end + 1 - head
		if end < len(buf) && buf[end] != 0 {
			return frame.Span{}, 0, frame.Malformed(end, "after the %d bytes of the body: got %q, want NUL", st.Pending-1, buf[end])
		}
		return sp, max(0, sp.Len()-len(buf)), nil
	}
	if i := bytes.IndexByte(buf[st.Pos:], 0); i >= 0 {
		sp.Body = st.Pos + i + 1 - head
		return sp, 0, nil
	}
	st.Pos = len(buf)
	sp.Body = len(buf) + 1 - head
	return sp, 1, nil
}

// stompLine takes in the line of the head at st.Depth, if it is whole.
func stompLine(buf []byte, st *frame.State, head int) (whole bool, err error) {
	for i := st.Pos; i < len(buf); i++ {
		switch c := buf[i]; {
		case i-head == maxHead:
			return false, frame.Malformed(i, "the head does not end within %d bytes", maxHead)
		case c == '\n':
			err := stompTake(buf, i, st)
			st.Pos = i + 1
			st.Depth = st.Pos
			return true, err
		case i > st.Depth && buf[i-1] == '\r':
			return false, stompAfterCR(buf, i)
		case c == 0:
			return false, frame.Malformed(i, "NUL in the head, want the empty line before the body")
		}
	}
	st.Pos = len(buf)
	return false, nil
}

// stompTake takes in the line from st.Depth to the LF at end.
func stompTake(buf []byte, end int, st *frame.State) error {
	line := bytes.TrimSuffix(buf[st.Depth:end], []byte{'\r'})
	if st.Nest[0] == stompCommand {
		if i := bytes.IndexAny(line, " \t"); i >= 0 {
			return frame.Malformed(st.Depth+i, "got %q after the command, want the end of the line", line[i])
		}
		st.Nest[0] = stompHeader
		return nil
	}
	if len(line) == 0 {
		st.Nest[0] = stompBody
		return nil
	}
	name, value, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return frame.Malformed(st.Depth+len(line), "a header without ':'")
	}
	if st.Pending > 0 || string(name) != stompLength {
		return nil // of headers that are given twice the first counts
	}
	digits := bytes.TrimLeft(value, " \t")
	n, err := count(bytes.TrimRight(digits, " \t"), st.Depth+len(line)-len(digits), stompLength)
	st.Pending = n + 1
	return err
}

func stompAfterCR(buf []byte, i int) error {
	return frame.Broken(frame.CauseLineEnding, i, "got %q after CR, want LF", buf[i])
}

// ScanFinal finds heart-beats alone to be no frame.
func (s stomp) ScanFinal(buf []byte) (frame.Span, error) {
	var st frame.State
	_, need, err := s.Scan(buf, &st)
	if err == nil && st.Nest[0] != stompBeats {
		err = frame.Truncated(len(buf), need)
	}
	return frame.Span{}, err
}

func (s stomp) AppendFrame(dst, msg []byte) ([]byte, error) {
	var st frame.State
	sp, need, err := s.Scan(msg, &st)
	return appendWhole(dst, msg, "one STOMP frame", sp, need, err)
}

func (stomp) FrameEnd(buf []byte) (int, bool) {
	if i := bytes.IndexByte(buf, 0); i >= 0 {
		return i + 1, true
	}
	return len(buf), false
}

// Compose makes a frame of a command, the words "name:value" behind it, and the
// body, which is the rest and is counted: "SEND destination:/queue/a hello". Values
// stand as they do on the wire, so escapes such as \c are the typist's.
func (s stomp) Compose(dst, typed []byte) ([]byte, error) {
	if whole, err := s.AppendFrame(dst, typed); err == nil {
		return whole, nil
	}
	command, rest, _ := cutWords(typed, 1)
	composed := append(bytes.Clone(command), '\n')
	for {
		header, after, ok := cutWords(rest, 1)
		if !ok || bytes.IndexByte(header, ':') <= 0 {
			break
		}
		composed = append(append(composed, header...), '\n')
		rest = after
	}
	if len(rest) > 0 && !bytes.Contains(composed, []byte("\n"+stompLength+":")) {
		composed = fmt.Appendf(composed, "%s:%d\n", stompLength, len(rest))
	}
	composed = append(append(append(composed, '\n'), rest...), 0)
	return s.AppendFrame(dst, composed)
}
