package escape

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

const known = `\n \r \t \0 \\ \xNN \u{X}`

// An Error is an escape that [Unescape] cannot read.
type Error struct {
	Column int    // of its backslash: bytes, counted from 1
	Text   string // what is wrong with it
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Text) }

// Unescape appends to dst what text means. Bytes that are not part of an escape
// stand for themselves. The error is an [*Error]; dst then has what came before.
func Unescape(dst, text []byte) ([]byte, error) {
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], '\\')
		if n < 0 {
			return append(dst, text[i:]...), nil
		}
		dst = append(dst, text[i:i+n]...)
		i += n
		var fault string
		if dst, n, fault = appendMeaning(dst, text[i:]); fault != "" {
			return dst, &Error{Column: i + 1, Text: fault}
		}
		i += n
	}
}

// appendMeaning appends what the escape at the start of text stands for and
// returns its length, or what is wrong with it.
func appendMeaning(dst, text []byte) (_ []byte, n int, fault string) {
	if len(text) == 1 {
		return dst, 0, `a lone backslash at the end; a backslash is written \\`
	}
	switch text[1] {
	case 'n':
		return append(dst, '\n'), 2, ""
	case 'r':
		return append(dst, '\r'), 2, ""
	case 't':
		return append(dst, '\t'), 2, ""
	case '0':
		return append(dst, 0), 2, ""
	case '\\':
		return append(dst, '\\'), 2, ""
	case 'x':
		return appendByte(dst, text)
	case 'u':
		return appendRune(dst, text)
	}
	_, size := utf8.DecodeRune(text[1:])
	return dst, 0, fmt.Sprintf("unknown escape %q; known are %s", text[:1+size], known)
}

func appendByte(dst, text []byte) (_ []byte, n int, fault string) {
	const length = len(`\xNN`)
	if len(text) >= length {
		if v, err := strconv.ParseUint(string(text[2:length]), 16, 8); err == nil {
			return append(dst, byte(v)), length, ""
		}
	}
	return dst, 0, fmt.Sprintf(`%q: \x needs two hexadecimal digits, as in \x1b`, text[:min(length, len(text))])
}

func appendRune(dst, text []byte) (_ []byte, n int, fault string) {
	const longest = len(`\u{10ffff}`)
	part := text[:min(longest, len(text))]
	end := bytes.IndexByte(part, '}')
	if len(part) < 3 || part[2] != '{' || end < 0 {
		return dst, 0, fmt.Sprintf(`%q: \u needs one to six hexadecimal digits in braces, as in \u{e9}`, part)
	}
	v, err := strconv.ParseUint(string(part[3:end]), 16, 32)
	if err != nil {
		return dst, 0, fmt.Sprintf(`%q: \u needs one to six hexadecimal digits in braces, as in \u{e9}`, part[:end+1])
	}
	if r := rune(v); utf8.ValidRune(r) {
		return utf8.AppendRune(dst, r), end + 1, ""
	}
	return dst, 0, fmt.Sprintf(`%q is no code point; bytes that are not UTF-8 are written \xNN`, part[:end+1])
}
