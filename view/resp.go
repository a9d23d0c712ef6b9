package view

import (
	"bytes"
	"strconv"

	"github.com/chancat/channel/internal/text/escape"
)

// RESP shows a value of the Redis protocol (docs/spec.md §4), with its CR LF: a bulk
// string as a string, an array as a list, a map as an object, a set as ~[…], a push
// as >[…], an error as error "…". A status stands for itself, as redis-cli has it.
func RESP(dst, body []byte) []byte {
	if line, ok := bytes.CutSuffix(body, []byte("\r\n")); ok && len(line) > 0 && bytes.IndexByte(line, '\n') < 0 {
		switch line[0] {
		case '+':
			return escape.AppendPrintable(dst, line[1:])
		case '-':
			return escape.AppendPrintable(append(dst, "error "...), line[1:])
		}
		if bytes.IndexByte([]byte("$*:_#,(!=%~>|"), line[0]) < 0 {
			return escape.AppendPrintable(dst, line) // an inline command
		}
	}
	return show(dst, body, func(w *walker) { w.resp(notationDepth) })
}

// line reads up to CR LF.
func (w *walker) line() []byte {
	i := bytes.Index(w.in, []byte("\r\n"))
	if i < 0 {
		w.bad, w.in = true, nil
		return nil
	}
	line := w.in[:i]
	w.in = w.in[i+2:]
	return line
}

// respCount is the number of a line, or nil for -1.
func (w *walker) respCount(line []byte) (n uint64, null bool) {
	if string(line) == "-1" {
		return 0, true
	}
	n, err := strconv.ParseUint(string(line), 10, 63)
	w.bad = w.bad || err != nil
	return n, false
}

func (w *walker) resp(depth int) {
	line := w.line()
	if len(line) == 0 || depth == 0 {
		w.bad = true
		return
	}
	kind, rest := line[0], line[1:]
	switch kind {
	case '+':
		w.out = appendString(w.out, rest)
	case '-':
		w.out = appendString(append(w.out, "error "...), rest)
	case ':', ',', '(':
		w.bad = w.bad || len(rest) == 0 || len(bytes.Trim(rest, "+-.0123456789eEinfa")) > 0
		w.out = append(w.out, rest...)
	case '#':
		w.bad = w.bad || string(rest) != "t" && string(rest) != "f"
		w.out = strconv.AppendBool(w.out, string(rest) == "t")
	case '_':
		w.text("nil")
	case '$', '!', '=':
		w.respBulk(kind, rest)
	case '*', '~', '>', '%', '|':
		w.respItems(kind, rest, depth)
	default:
		w.bad = true
	}
}

func (w *walker) respBulk(kind byte, count []byte) {
	n, null := w.respCount(count)
	if null {
		w.text("nil")
		return
	}
	text := w.take(n)
	w.bad = w.bad || string(w.take(2)) != "\r\n"
	switch kind {
	case '!':
		w.text("error ")
	case '=':
		if len(text) > 4 && text[3] == ':' { // such as txt:
			text = text[4:]
		}
	}
	w.out = appendString(w.out, text)
}

func (w *walker) respItems(kind byte, count []byte, depth int) {
	n, null := w.respCount(count)
	if null {
		w.text("nil")
		return
	}
	pairs := kind == '%' || kind == '|'
	switch kind {
	case '~', '>', '|':
		w.out = append(w.out, kind)
	}
	open, end := "[", "]"
	if pairs {
		open, end = "{", "}"
	}
	w.text(open)
	w.items(n, pairs, w.resp, depth)
	w.text(end)
	if kind == '|' && !w.bad { // attributes of the value that follows
		w.text(" ")
		w.resp(depth - 1)
	}
}
