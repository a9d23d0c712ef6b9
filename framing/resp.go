package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// RESP frames messages as the values of Redis, RESP2 and RESP3. A frame is one
// whole top-level value, with the attributes before it, and the message is the
// whole frame. It takes what a client sends too: inline commands, which are text
// up to CR LF.
var RESP = register(Spec{
	Name:      "resp",
	Doc:       "a Redis value (RESP2, RESP3), or from the client an inline command",
	Codec:     resp{inline: true},
	Server:    resp{},
	Canonical: true,
	Messages: []string{"PING\r\n", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "$-1\r\n", "*?\r\n:1\r\n.\r\n",
		"|1\r\n+ttl\r\n,1.5\r\n%1\r\n#t\r\n~2\r\n_\r\n(-12\r\n", "$?\r\n;2\r\nhi\r\n;0\r\n"},
	ServerMessages: []string{"+OK\r\n", "-ERR no\r\n", ":-1\r\n", "$2\r\nhi\r\n", ">2\r\n+message\r\n$0\r\n\r\n",
		"*3\r\n*0\r\n*1\r\n+a\r\n=5\r\ntxt:x\r\n"},
	Long: longRESP,
})

// A resp codec holds no stack, so a value may be nested to any depth: an aggregate
// of n values is n more values that must come.
type resp struct{ inline bool }

const (
	respTypes = "+-:$*_#,(!=%~>|"
	respLeast = 3 // bytes of the shortest value, as in +\r\n

	// maxRESP bounds what the counts of a value claim together, in bytes: inside
	// a 32-bit int.
	maxRESP = 2*maxCounted + 1
)

// In a State, Pos is the start of the item at hand, or what was examined of its
// text; Pending counts the values to come, Depth the streamed aggregates that are
// open, and Nest[0] is the type of a text, or respChunk in a streamed string.
const respChunk = ';'

func (r resp) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if len(buf) == 0 {
		return frame.Span{}, respLeast, nil
	}
	if bytes.IndexByte([]byte(respTypes), buf[0]) < 0 {
		return r.scanInline(buf, st)
	}
	if st.Pos == 0 {
		st.Pending = 1
	}
	for st.Pending > 0 || st.Depth > 0 {
		body, need, err := respItem(buf, st)
		if err != nil {
			return frame.Span{}, 0, err
		}
		if need > 0 {
			return frame.Span{Body: body}, need, nil
		}
	}
	return frame.Span{Body: st.Pos}, 0, nil
}

// respItem goes over the item at st.Pos: a value, the head of an aggregate, a
// chunk or an end. While it is incomplete, the frame has at least body bytes and
// lacks need.
func respItem(buf []byte, st *frame.State) (body, need int, err error) {
	if st.Nest[0] != 0 && st.Nest[0] != respChunk {
		return respText(buf, st)
	}
	item, least := respLeast, respLeast*(st.Pending+st.Depth)
	if st.Nest[0] == respChunk {
		item = len(";0\r\n")
		least = item + respRest(st)
	}
	body = st.Pos + least
	have := len(buf) - st.Pos
	if have == 0 {
		return body, least, nil
	}
	need = least - item + max(1, item-have)
	c := buf[st.Pos]
	switch {
	case st.Nest[0] == respChunk && c != respChunk:
		return 0, 0, frame.Malformed(st.Pos, "got %q, want ';' before a chunk of the streamed string", c)
	case st.Nest[0] == respChunk:
	case c == '.' && st.Pending == 0:
		next, err := expect(buf, st.Pos+1, "\r\n")
		if err != nil || next < 0 {
			return body, need, err
		}
		st.Pos = next
		st.Depth--
		return 0, 0, nil
	case bytes.IndexByte([]byte("+-:(,"), c) >= 0:
		st.Nest[0] = uint64(c)
		st.Pos++
		return respText(buf, st)
	case bytes.IndexByte([]byte(respTypes), c) < 0:
		return 0, 0, frame.Malformed(st.Pos, "got %q, want the type of a value, one of %s", c, respTypes)
	}
	n, next, err := respHead(buf, st.Pos)
	if err != nil || next == 0 {
		return body, need, err
	}
	return respCounted(buf, st, c, n, next)
}

// respRest returns the bytes that must at least follow the value at hand.
func respRest(st *frame.State) int { return respLeast * (max(st.Pending-1, 0) + st.Depth) }

// respDone moves behind the value that ends before next.
func respDone(st *frame.State, next int) {
	st.Pos = next
	st.Nest[0] = 0
	st.Pending = max(st.Pending-1, 0)
}

// respText goes over the rest of a value that is text up to CR LF.
func respText(buf []byte, st *frame.State) (body, need int, err error) {
	kind := byte(st.Nest[0])
	for i := st.Pos; i < len(buf); i++ {
		c, before := buf[i], buf[i-1]
		switch {
		case before == '\r' && c == '\n':
			respDone(st, i+1)
			return 0, 0, nil
		case before == '\r':
			return 0, 0, frame.Broken(frame.CauseLineEnding, i, "got %q after CR, want LF", c)
		case c == '\n':
			return 0, 0, frame.Broken(frame.CauseLineEnding, i, "a line ends in LF alone, want CR LF")
		case kind == '+' || kind == '-':
		case c == '\r' && (before == kind || before == '-' || before == '+'):
			return 0, 0, frame.Broken(frame.CauseBadDigits, i, "got %q, want a number", c)
		case c == '\r' || '0' <= c && c <= '9':
		case (c == '-' || c == '+') && before == kind:
		case kind == ',' && bytes.IndexByte([]byte(".eE+-infa"), c) >= 0:
		default:
			return 0, 0, frame.Broken(frame.CauseBadDigits, i, "got %q, want a digit", c)
		}
	}
	st.Pos = len(buf)
	need = len("\r\n") + respRest(st)
	if buf[len(buf)-1] == '\r' {
		need--
	}
	return len(buf) + need, need, nil
}

// Counts that are no number.
const (
	respNull     = -1
	respStreamed = -2
)

// respHead reads the type at buf[at] and the count behind it, which for null and
// booleans is their value. next is 0 while they are incomplete.
func respHead(buf []byte, at int) (n, next int, err error) {
	c := buf[at]
	i := at + 1
	word := ""
	switch {
	case i == len(buf):
		return 0, 0, nil
	case c == '_':
		word = "\r\n"
	case c == '#' && buf[i] == 'f':
		word = "f\r\n"
	case c == '#':
		word = "t\r\n"
	case buf[i] == '-' && (c == '$' || c == '*'):
		word, n = "-1\r\n", respNull
	case buf[i] == '?' && bytes.IndexByte([]byte("$*~%"), c) >= 0:
		word, n = "?\r\n", respStreamed
	}
	if word == "" {
		for ; i < len(buf) && '0' <= buf[i] && buf[i] <= '9'; i++ {
			switch digits := i - at; {
			case digits == 2 && buf[at+1] == '0':
				return 0, 0, frame.Broken(frame.CauseBadDigits, i, "length: leading zero")
			case digits > 9:
				return 0, 0, frame.Broken(frame.CauseBadDigits, i, "length: more than 9 digits")
			}
			n = n*10 + int(buf[i]-'0')
		}
		if i == len(buf) {
			return 0, 0, nil
		}
		if i == at+1 || buf[i] != '\r' && buf[i] != '\n' {
			return 0, 0, frame.Broken(frame.CauseBadDigits, i, "length: got %q, want a digit", buf[i])
		}
		word = "\r\n"
	}
	if i, err = expect(buf, i, word); err != nil || i < 0 {
		return 0, 0, err
	}
	return n, i, nil
}

// respCounted takes in the item of type c whose head, with the count n, ends
// before next.
func respCounted(buf []byte, st *frame.State, c byte, n, next int) (body, need int, err error) {
	bytesOf := 0 // what is counted, in bytes, if not values
	values := 0
	switch {
	case c == '$' && n == respStreamed:
		st.Pos, st.Nest[0] = next, respChunk
		return 0, 0, nil
	case n == respStreamed:
		if st.Pending > 1 {
			return 0, 0, frame.Malformed(st.Pos, "a streamed aggregate inside a counted one with more values to come")
		}
		st.Pos, st.Pending = next, 0
		st.Depth++
		return 0, 0, nil
	case c == '_' || c == '#' || n == respNull:
		respDone(st, next)
		return 0, 0, nil
	case c == respChunk && n == 0:
		respDone(st, next)
		return 0, 0, nil
	case c == '$' || c == '!' || c == '=' || c == respChunk:
		bytesOf = n + len("\r\n")
	case c == '%':
		values = 2 * n
	case c == '|':
		values = 2*n + 1 // the attributes, and the value that has them
	default:
		values = n
	}
	rest := int64(respRest(st))
	if c == respChunk {
		rest += int64(len(";0\r\n"))
	}
	claim := int64(next) + int64(bytesOf) + respLeast*int64(values) + rest
	if claim > maxRESP {
		return 0, 0, frame.TooLarge(st.Pos+1, uint64(claim))
	}
	if bytesOf == 0 {
		st.Pos, st.Pending = next, max(st.Pending-1, 0)+values
		return 0, 0, nil
	}
	end := next + bytesOf
	if _, err := expect(buf, end-len("\r\n"), "\r\n"); err != nil {
		return 0, 0, err
	}
	switch {
	case len(buf) < end:
		return int(claim), int(claim) - len(buf), nil
	case c == respChunk:
		st.Pos = end
	default:
		respDone(st, end)
	}
	return 0, 0, nil
}

// scanInline goes over an inline command.
func (r resp) scanInline(buf []byte, st *frame.State) (frame.Span, int, error) {
	if !r.inline {
		return frame.Span{}, 0, unexpected(buf, 0, "the type of a value, one of "+respTypes)
	}
	n, err := textLine(buf, 0, st.Pos)
	switch {
	case err != nil:
		return frame.Span{}, 0, err
	case n < 0:
		st.Pos = resume(buf)
		return frame.Span{}, 1, nil
	case n == 0:
		return frame.Span{}, 0, frame.Malformed(0, "an empty line, want a value or a command")
	}
	line, http := buf[:n], []byte("HTTP/1.")
	for _, at := range []int{0, bytes.LastIndexByte(line, ' ') + 1} { // of a response and of a request
		if bytes.HasPrefix(line[at:], http) {
			return frame.Span{}, 0, frame.Broken(frame.CauseWrongProtocol, at, "got %q in the first line: this looks like HTTP", line[at:])
		}
	}
	return frame.Span{Body: n + len("\r\n")}, 0, nil
}

func (r resp) AppendFrame(dst, msg []byte) ([]byte, error) {
	var st frame.State
	sp, need, err := r.Scan(msg, &st)
	return appendWhole(dst, msg, "one RESP value", sp, need, err)
}

// Resync finds a type and the first byte that may follow it.
func (resp) Resync(buf []byte) int {
	for i, c := range buf {
		if bytes.IndexByte([]byte(respTypes), c) < 0 {
			continue
		}
		if i+1 == len(buf) {
			return i
		}
		next := buf[i+1]
		digit := '0' <= next && next <= '9'
		switch c {
		case '+', '-':
			if 'A' <= next && next <= 'Z' {
				return i
			}
		case '_':
			if next == '\r' {
				return i
			}
		case '#':
			if next == 't' || next == 'f' {
				return i
			}
		case ':', ',', '(', '$', '*':
			if digit || next == '-' || next == '?' {
				return i
			}
		default:
			if digit {
				return i
			}
		}
	}
	return len(buf)
}

// longRESP nests values as deep as they are long.
func longRESP(n int) []byte {
	const unit = "*3\r\n$2\r\nhi\r\n+OK\r\n"
	deep := bytes.Repeat([]byte(unit), n/len(unit))
	return append(deep, "*-1\r\n"...)
}
