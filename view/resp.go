package view

import (
	"bytes"
	"strconv"

	"github.com/chancat/channel/internal/text/escape"
)

// RESP shows a value of Redis, RESP2 or RESP3, as notation: ["SET", "a", 1]. Where
// they are the whole value, a status is shown as it is, an error behind "(error)",
// and a string of several lines, such as the answer to INFO, as lines.
func RESP(dst, body []byte) []byte {
	if len(body) > 0 {
		if shown, ok := appendReply(dst, body); ok {
			return shown
		}
	}
	return show(dst, body, func(w *walker) { w.resp(notationDepth) })
}

// appendReply appends a value that is text and nothing else.
func appendReply(dst, body []byte) ([]byte, bool) {
	w := walker{in: body}
	var text []byte
	lines := false
	switch body[0] {
	case '+':
		text = w.respLine()
	case '-':
		text = append([]byte("(error) "), w.respLine()...)
	case '$', '=':
		text, _ = w.respBulk()
		lines = true
		w.bad = w.bad || bytes.IndexByte(text, '\n') < 0
	default:
		return dst, false
	}
	switch {
	case w.bad || len(w.in) > 0 || !isText(text):
		return dst, false
	case lines:
		return appendLines(dst, text), true
	}
	return escape.AppendPrintable(dst, text), true
}

// appendLines appends the lines of text, each as Text shows it.
func appendLines(dst, text []byte) []byte {
	for i, line := range bytes.Split(bytes.TrimRight(text, "\r\n"), []byte("\n")) {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = escape.AppendPrintable(dst, bytes.TrimSuffix(line, []byte("\r")))
	}
	return dst
}

// resp writes one value.
func (w *walker) resp(depth int) {
	if len(w.in) == 0 || depth == 0 {
		w.bad = true
		return
	}
	switch kind := w.in[0]; kind {
	case '$', '=', '!':
		w.respString(kind)
	case '*', '~', '>', '%', '|':
		w.respContainer(kind, depth)
	default:
		w.respSimple(kind, w.respLine())
	}
}

// respSimple writes a value that is one line.
func (w *walker) respSimple(kind byte, line []byte) {
	switch {
	case kind == '+' && isWord(line):
		w.out = append(w.out, line...)
	case kind == '+':
		w.out = appendString(w.out, line)
	case kind == '-':
		w.text("error(")
		w.out = appendString(w.out, line)
		w.text(")")
	case (kind == ':' || kind == ',' || kind == '(') && isNumber(line):
		w.out = append(w.out, line...)
	case kind == '_' && len(line) == 0:
		w.text("null")
	case kind == '#' && string(line) == "t":
		w.text("true")
	case kind == '#' && string(line) == "f":
		w.text("false")
	default:
		w.bad = true
	}
}

func (w *walker) respString(kind byte) {
	text, null := w.respBulk()
	switch {
	case null:
		w.text("null")
	case kind == '!':
		w.text("error(")
		w.out = appendString(w.out, text)
		w.text(")")
	default:
		w.out = appendString(w.out, text)
	}
}

func (w *walker) respContainer(kind byte, depth int) {
	n := w.respLength()
	if n < 0 {
		w.text("null")
		return
	}
	value := func(depth int) { w.resp(depth) }
	switch kind {
	case '%', '|':
		w.text("{")
		w.items(uint64(n), true, value, depth)
		w.text("}")
		if kind == '|' { // attributes of the value behind them
			w.text(" ")
			w.resp(depth - 1)
		}
	default:
		w.text(map[byte]string{'*': "[", '~': "set([", '>': "push(["}[kind])
		w.items(uint64(n), false, value, depth)
		w.text(map[byte]string{'*': "]", '~': "])", '>': "])"}[kind])
	}
}

// respLine takes a line, and returns it without its type and its end.
func (w *walker) respLine() []byte {
	end := bytes.Index(w.in, []byte("\r\n"))
	if end < 1 {
		w.bad = true
		w.in = nil
		return nil
	}
	line := w.in[1:end]
	w.in = w.in[end+2:]
	return line
}

// respLength takes the line of a length; -1 is that of null.
func (w *walker) respLength() int {
	n, err := strconv.Atoi(string(w.respLine()))
	if err != nil || n < -1 {
		w.bad = true
	}
	return n
}

// respBulk takes a string behind its length. That of a verbatim one begins with
// its format, as in "txt:".
func (w *walker) respBulk() (text []byte, null bool) {
	verbatim := w.in[0] == '='
	n := w.respLength()
	if n < 0 || w.bad {
		return nil, true
	}
	text = w.take(uint64(n))
	if string(w.take(2)) != "\r\n" {
		w.bad = true
	}
	if verbatim && len(text) > 3 && text[3] == ':' {
		text = text[len("txt:"):]
	}
	return text, false
}

// isWord reports whether line can stand without quotes.
func isWord(line []byte) bool {
	for _, c := range line {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return len(line) > 0
}

// isNumber reports whether line is a number of Redis: digits with a sign, point and
// exponent, or inf or nan.
func isNumber(line []byte) bool {
	const most = 1 << 10 // digits of a big number
	for _, c := range line {
		if (c < '0' || c > '9') && bytes.IndexByte([]byte("+-.eEinfa"), c) < 0 {
			return false
		}
	}
	return len(line) > 0 && len(line) <= most
}
