package view

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/chancat/channel/internal/text/escape"
)

const (
	jsonSpace = " \t\r\n"
	jsonStep  = "  "

	// Values nested deeper than this are shown on one line, so that hostile JSON
	// cannot grow by more than its indentation at this depth.
	jsonDepth = 16
)

// JSON shows one JSON value indented. Numbers and the order of keys stay as they
// are. What is no JSON is shown as [Text].
func JSON(dst, body []byte) []byte {
	if !isJSON(body) {
		return Text(dst, body)
	}
	return appendJSON(dst, body, jsonDepth)
}

func isJSON(body []byte) bool { return json.Valid(body) && utf8.Valid(body) }

// appendJSON appends body, which is valid, with containers down to that depth
// spread over lines.
func appendJSON(dst, body []byte, depth int) []byte {
	level := 0
	for i := 0; i < len(body); {
		switch c := body[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '{', '[':
			dst = append(dst, c)
			i++
			i += len(body[i:]) - len(bytes.TrimLeft(body[i:], jsonSpace))
			if body[i] == c+2 { // empty: '{'+2 is '}', '['+2 is ']'
				dst = append(dst, body[i])
				i++
				continue
			}
			level++
			dst = breakLine(dst, level, depth)
		case '}', ']':
			level--
			if level < depth {
				dst = breakLine(dst, level, depth)
			}
			dst = append(dst, c)
			i++
		case ',':
			dst = append(dst, c)
			if level > depth && depth > 0 {
				dst = append(dst, ' ')
			}
			dst = breakLine(dst, level, depth)
			i++
		case ':':
			dst = append(dst, c)
			if depth > 0 {
				dst = append(dst, ' ')
			}
			i++
		default:
			n := tokenLength(body[i:])
			dst = escape.AppendJSONText(dst, body[i:i+n])
			i += n
		}
	}
	return dst
}

// breakLine begins a line at level, unless that lies deeper than lines go.
func breakLine(dst []byte, level, depth int) []byte {
	if depth == 0 || level > depth {
		return dst
	}
	dst = append(dst, '\n')
	for range level {
		dst = append(dst, jsonStep...)
	}
	return dst
}

// tokenLength returns the length of the string, number or word at the start of
// text.
func tokenLength(text []byte) int {
	if text[0] != '"' {
		for i, c := range text {
			if c <= ' ' || c == ',' || c == ']' || c == '}' {
				return i
			}
		}
		return len(text)
	}
	for i := 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}
