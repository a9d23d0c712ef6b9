package view

import (
	"bytes"
	"encoding/json"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/chancat/channel/internal/text/escape"
)

// A jugglerMessage is a message of hat.juggler (docs/wire.md §d).
type jugglerMessage struct {
	Type                    string
	ID, Name, Data, Success json.RawMessage
	Diff                    []jugglerChange
}

type jugglerChange struct {
	Op, Path string
	From     *string
	Value    json.RawMessage
}

// Juggler shows a WebSocket message of hat.juggler, of either version of its wire,
// on one line; of a change of state each operation has one more:
//
//	request 1 "add" [1, 2]
//	response 1 3
//	response 2 error "no such thing"
//	notify "alarm" null
//	state
//	  replace /lamps/3/on true
//	  remove /lamps/4
//	ping
//
// A segment that is no whole message is shown as its text. What is none of it is
// shown as [JSON].
func Juggler(dst, body []byte) []byte {
	text := body
	if len(body) > 0 {
		switch body[0] {
		case '0':
			text = body[1:]
		case '1':
			return jugglerText(append(dst, "segment, more follow: "...), body[1:])
		case '2':
			return jugglerControl(dst, "ping", body[1:])
		case '3':
			return jugglerControl(dst, "pong", body[1:])
		}
	}
	var m jugglerMessage
	if !isJSON(text) || json.Unmarshal(text, &m) != nil {
		if len(body) > 0 && body[0] == '0' && len(body) > 1 {
			return jugglerText(append(dst, "last segment: "...), text)
		}
		return JSON(dst, body)
	}
	switch m.Type {
	case "request":
		return jugglerParts(dst, "request", m.ID, m.Name, m.Data)
	case "notify":
		return jugglerParts(dst, "notify", m.Name, m.Data)
	case "response":
		if string(m.Success) == "false" {
			return jugglerParts(dst, "response", m.ID, []byte("error"), m.Data)
		}
		return jugglerParts(dst, "response", m.ID, m.Data)
	case "state":
		return jugglerState(dst, m.Diff)
	}
	return JSON(dst, text)
}

func jugglerControl(dst []byte, name string, rest []byte) []byte {
	dst = append(dst, name...)
	if len(rest) > 0 {
		dst = escape.AppendPrintable(append(dst, ' '), rest)
	}
	return dst
}

func jugglerParts(dst []byte, name string, parts ...json.RawMessage) []byte {
	dst = append(dst, name...)
	for _, part := range parts {
		if len(part) > 0 {
			dst = jugglerText(append(dst, ' '), part)
		}
	}
	return dst
}

func jugglerState(dst []byte, diff []jugglerChange) []byte {
	dst = append(dst, "state"...)
	for _, c := range diff {
		dst = append(dst, "\n  "...)
		dst = escape.AppendPrintable(dst, []byte(c.Op))
		if c.From != nil {
			dst = escape.AppendPrintable(append(dst, ' '), []byte(orRoot(*c.From)))
			dst = append(dst, " to"...)
		}
		dst = escape.AppendPrintable(append(dst, ' '), []byte(orRoot(c.Path)))
		if c.Value != nil {
			dst = jugglerText(append(dst, ' '), c.Value)
		}
	}
	return dst
}

// orRoot names what the empty pointer points to.
func orRoot(pointer string) string {
	if pointer == "" {
		return "(everything)"
	}
	return pointer
}

// jugglerText appends JSON, or a part of some, on one line. Python writes all that
// is not ASCII as \uXXXX: what can be shown is shown.
func jugglerText(dst, text []byte) []byte {
	for len(text) > 0 {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			break
		}
		dst = escape.AppendPrintable(dst, text[:i])
		text = text[i:]
		if r, n := unicodeEscape(text); n > 0 && r >= utf8.RuneSelf && escape.Shown(r) {
			dst = utf8.AppendRune(dst, r)
			text = text[n:]
			continue
		}
		dst = append(dst, '\\')
		dst = escape.AppendPrintable(dst, text[1:2])
		text = text[2:]
	}
	return escape.AppendPrintable(dst, text)
}

// unicodeEscape returns the character that \uXXXX, or two of them, at the start of
// text stand for, and their length; 0 if there is none.
func unicodeEscape(text []byte) (rune, int) {
	high, ok := hexEscape(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	low, _ := hexEscape(text[6:])
	if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
		return r, 12
	}
	return 0, 0
}

func hexEscape(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
