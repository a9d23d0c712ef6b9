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
func JSON(dst, body []byte) []byte { return coloredJSON(dst, body, nil) }

func coloredJSON(dst, body []byte, c *Colors) []byte {
	if !isJSON(body) {
		return Text(dst, body)
	}
	return appendJSON(dst, body, jsonDepth, c)
}

func isJSON(body []byte) bool { return json.Valid(body) && utf8.Valid(body) }

// appendJSON appends body, which is valid, with containers down to that depth
// spread over lines. c may be nil.
func appendJSON(dst, body []byte, depth int, c *Colors) []byte {
	level := 0
	for i := 0; i < len(body); {
		switch b := body[i]; b {
		case ' ', '\t', '\r', '\n':
			i++
		case '{', '[':
			dst = append(dst, b)
			i++
			i += len(body[i:]) - len(bytes.TrimLeft(body[i:], jsonSpace))
			if body[i] == b+2 { // empty: '{'+2 is '}', '['+2 is ']'
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
			dst = append(dst, b)
			i++
		case ',':
			dst = append(dst, b)
			if level > depth && depth > 0 {
				dst = append(dst, ' ')
			}
			dst = breakLine(dst, level, depth)
			i++
		case ':':
			dst = append(dst, b)
			if depth > 0 {
				dst = append(dst, ' ')
			}
			i++
		default:
			n := tokenLength(body[i:])
			color := c.of(body[i:], n)
			dst = append(dst, color...)
			dst = escape.AppendJSONText(dst, body[i:i+n])
			if color != "" {
				dst = append(dst, c.Reset...)
			}
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
