package juggler

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep JSON may nest, below which recursion is safe.
const maxDepth = 500

// A parser reads strict JSON (RFC 8259). A value becomes what encoding/json makes
// of it with UseNumber, except for strings: a lone surrogate becomes the three bytes
// that UTF-8 would have for it, which no valid UTF-8 contains. [appendString]
// writes them as the escape again.
type parser struct {
	in    []byte
	pos   int
	depth int
}

// parse returns the value that data consists of. It keeps no part of data.
func parse(data []byte) (any, error) {
	p := &parser{in: data}
	v, err := p.value()
	if err == nil {
		err = p.end()
	}
	return v, err
}

// A syntaxError says where a text stops being JSON.
type syntaxError struct {
	offset int // byte
	what   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("invalid JSON: byte %d: %s", e.offset, e.what)
}

func (p *parser) fail(what string) error { return &syntaxError{p.pos, what} }

func (p *parser) unexpected(want string) error {
	if p.pos >= len(p.in) {
		return p.fail("the text ends, want " + want)
	}
	r, _ := utf8.DecodeRune(p.in[p.pos:])
	return p.fail(fmt.Sprintf("got %q, want %s", r, want))
}

func (p *parser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) end() error {
	if p.space(); p.pos < len(p.in) {
		return p.unexpected("the end")
	}
	return nil
}

// peek returns the next byte behind white space, 0 at the end.
func (p *parser) peek() byte {
	if p.space(); p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(fmt.Sprintf("more than %d values nested", maxDepth))
	}
	return nil
}

func (p *parser) value() (any, error) {
	switch p.peek() {
	case '{':
		object := map[string]any{}
		err := p.object(func(key string) (err error) {
			object[key], err = p.value()
			return err
		})
		return object, err
	case '[':
		list := []any{}
		err := p.list(func() error {
			v, err := p.value()
			list = append(list, v)
			return err
		})
		return list, err
	case '"':
		return p.string()
	}
	word, err := p.word()
	if err != nil {
		return nil, err
	}
	switch word[0] {
	case 'n':
		return nil, nil
	case 't', 'f':
		return word[0] == 't', nil
	}
	return json.Number(word), nil
}

// object reads an object and calls member with each key, to read the value.
func (p *parser) object(member func(key string) error) error {
	if err := p.enter(); err != nil {
		return err
	}
	p.pos++
	for first := true; ; first = false {
		c := p.peek()
		if c == '}' && first {
			break
		}
		if c != '"' {
			return p.unexpected("a key in quotes")
		}
		key, err := p.string()
		if err != nil {
			return err
		}
		if p.peek() != ':' {
			return p.unexpected("':'")
		}
		p.pos++
		if err := member(key); err != nil {
			return err
		}
		if c = p.peek(); c == '}' {
			break
		}
		if c != ',' {
			return p.unexpected("',' or '}'")
		}
		p.pos++
	}
	p.pos++
	p.depth--
	return nil
}

// list reads an array and calls element to read each value.
func (p *parser) list(element func() error) error {
	if err := p.enter(); err != nil {
		return err
	}
	p.pos++
	for first := true; ; first = false {
		if first && p.peek() == ']' {
			break
		}
		if err := element(); err != nil {
			return err
		}
		c := p.peek()
		if c == ']' {
			break
		}
		if c != ',' {
			return p.unexpected("',' or ']'")
		}
		p.pos++
	}
	p.pos++
	p.depth--
	return nil
}

// word reads a number, true, false or null.
func (p *parser) word() (string, error) {
	start := p.pos
	for p.pos < len(p.in) && isWord(p.in[p.pos]) {
		p.pos++
	}
	word := p.in[start:p.pos]
	if s := string(word); s == "null" || s == "true" || s == "false" || isNumber(word) {
		return s, nil
	}
	p.pos = start
	return "", p.unexpected("a value")
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '-' || c == '.'
}

// isNumber reports whether s is a number of RFC 8259 §6.
func isNumber(s []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	if len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' || !digits() {
		return false
	}
	if len(s) > 0 && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if len(s) > 0 && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		return digits() && len(s) == 0
	}
	return len(s) == 0
}

func (p *parser) string() (string, error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.in) { // most strings have no escape
		c := p.in[p.pos]
		if c == '"' {
			p.pos++
			return string(p.in[start : p.pos-1]), nil
		}
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
		p.pos++
	}
	text := append([]byte(nil), p.in[start:p.pos]...)
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == '"':
			p.pos++
			return string(text), nil
		case c == '\\':
			var err error
			if text, err = p.escape(text); err != nil {
				return "", err
			}
		case c < ' ':
			return "", p.fail(fmt.Sprintf("control character %q in a string", c))
		case c < utf8.RuneSelf:
			text = append(text, c)
			p.pos++
		default:
			r, n := utf8.DecodeRune(p.in[p.pos:])
			if r == utf8.RuneError && n == 1 {
				return "", p.fail("a string that is not UTF-8")
			}
			text = append(text, p.in[p.pos:p.pos+n]...)
			p.pos += n
		}
	}
	return "", p.unexpected(`'"'`)
}

const simpleEscapes, simpleMeanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

// escape reads an escape sequence and appends its meaning to text.
func (p *parser) escape(text []byte) ([]byte, error) {
	if p.pos+1 < len(p.in) {
		for i := range len(simpleEscapes) {
			if p.in[p.pos+1] == simpleEscapes[i] {
				p.pos += 2
				return append(text, simpleMeanings[i]), nil
			}
		}
	}
	r, ok := p.hex(p.pos)
	if !ok {
		return nil, p.fail("no such escape sequence")
	}
	p.pos += 6
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(text, r), nil
	}
	if low, ok := p.hex(p.pos); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			p.pos += 6
			return utf8.AppendRune(text, pair), nil
		}
	}
	return append(text, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F), nil
}

// hex returns the value of the \uXXXX at pos.
func (p *parser) hex(pos int) (r rune, ok bool) {
	if pos+6 > len(p.in) || p.in[pos] != '\\' || p.in[pos+1] != 'u' {
		return 0, false
	}
	for _, c := range p.in[pos+2 : pos+6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
