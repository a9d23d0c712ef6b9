package juggler

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// appendValue appends what [parse] made, in the words of the real program: a blank
// after ',' and ':', and ASCII only. Keys are sorted.
func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case json.Number:
		return append(dst, v...)
	case string:
		return appendString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendValue(dst, element)
		}
		return append(dst, ']')
	case map[string]any:
		dst = append(dst, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(appendString(dst, key), ": "...)
			dst = appendValue(dst, v[key])
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("juggler: %T in a parsed value", v))
}

// appendString appends s as a JSON string in ASCII. A lone surrogate, which a
// parser left as three bytes, becomes its escape again.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ' && c < 0x7F: // DEL is no control character of JSON, but of terminals
			dst = append(dst, c)
		case c < utf8.RuneSelf:
			dst = appendControl(dst, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && n == 1 && i+2 < len(s):
				dst = appendHex(dst, rune(c&0x0F)<<12|rune(s[i+1]&0x3F)<<6|rune(s[i+2]&0x3F))
				n = 3
			case r > 0xFFFF:
				high, low := utf16.EncodeRune(r)
				dst = appendHex(appendHex(dst, high), low)
			default:
				dst = appendHex(dst, r)
			}
			i += n
			continue
		}
		i++
	}
	return append(dst, '"')
}

func appendControl(dst []byte, c byte) []byte {
	for i := range len(simpleMeanings) {
		if simpleMeanings[i] == c {
			return append(dst, '\\', simpleEscapes[i])
		}
	}
	return appendHex(dst, rune(c))
}

func appendHex(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// reformat appends the next value of p as [appendValue] would, but with its keys in
// their order: what is only passed on is not made a tree. A nil dst checks the
// value and returns nil.
func (p *parser) reformat(dst []byte) ([]byte, error) {
	add := func(s string) {
		if dst != nil {
			dst = append(dst, s...)
		}
	}
	separate := func(first *bool) {
		if !*first {
			add(", ")
		}
		*first = false
	}
	first := true
	var err error
	switch p.peek() {
	case '{':
		add("{")
		err = p.object(func(key string) (err error) {
			separate(&first)
			if dst != nil {
				dst = append(appendString(dst, key), ": "...)
			}
			dst, err = p.reformat(dst)
			return err
		})
		add("}")
	case '[':
		add("[")
		err = p.list(func() (err error) {
			separate(&first)
			dst, err = p.reformat(dst)
			return err
		})
		add("]")
	case '"':
		var s string
		if s, err = p.string(); dst != nil {
			dst = appendString(dst, s)
		}
	default:
		var word string
		word, err = p.word()
		add(word)
	}
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// appendJSON appends the JSON of a Go value. A json.RawMessage is taken as it is.
func appendJSON(dst []byte, v any) ([]byte, error) {
	raw, ok := v.(json.RawMessage)
	if !ok || raw == nil {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	p := &parser{in: raw}
	dst, err := p.reformat(slices.Grow(dst, len(raw)+1))
	if err == nil {
		err = p.end()
	}
	return dst, err
}

// tree returns what [parse] makes of the JSON of a Go value.
func tree(v any) (any, error) {
	if raw, ok := v.(json.RawMessage); ok && raw != nil {
		return parse(raw)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return parse(raw)
}
