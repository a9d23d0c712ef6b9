package dump

import (
	"errors"
	"fmt"
	"strings"
)

// digits is a dump of nothing but digits, and what sets them apart.
type digits struct {
	comment bool // inside /* */
	any     bool // some byte was found
}

func (d *digits) line(dst []byte, text string) ([]byte, error) {
	text = d.code(unquoted(text))
	if about(text) || strings.HasPrefix(text, "#") {
		return dst, nil
	}
	if i := strings.LastIndexByte(text, '{'); i >= 0 { // of a C array
		text = text[i+1:]
	} else if strings.ContainsRune(text, '=') && strings.HasSuffix(text, ";") {
		return dst, nil // its length, as xxd -i prints it
	} else if strings.ContainsRune(text, '=') || strings.HasSuffix(text, "[]") {
		return dst, nil // its name, the brace on the next line
	}
	if i := strings.IndexByte(text, '|'); i >= 0 {
		text = text[:i] // a column of characters
	}
	if first, rest, _ := strings.Cut(text, " "); strings.HasSuffix(first, ":") && strings.Count(first, ":") == 1 {
		text = rest // an offset, or the number of the line
	}
	text = strings.ReplaceAll(text, `\x`, " ")
	start := len(dst)
	for text != "" {
		i := strings.IndexFunc(text, separates)
		word := text
		if i >= 0 {
			word = text[:i]
		}
		var err error
		if dst, err = appendWord(dst, word); err != nil {
			return dst[:start], err
		}
		text = strings.TrimLeftFunc(text[len(word):], separates)
	}
	d.any = d.any || len(dst) > start
	return dst, nil
}

// code is text without C comments, of which there may be any number.
func (d *digits) code(text string) string {
	var code strings.Builder
	for text != "" {
		if d.comment {
			_, rest, found := strings.Cut(text, "*/")
			if !found {
				break
			}
			d.comment, text = false, rest
			code.WriteByte(' ')
			continue
		}
		i := strings.IndexByte(text, '/')
		if i < 0 {
			code.WriteString(text)
			break
		}
		code.WriteString(text[:i])
		text = text[i:]
		if strings.HasPrefix(text, "//") {
			break
		}
		if rest, found := strings.CutPrefix(text, "/*"); found {
			d.comment, text = true, rest
			continue
		}
		code.WriteByte('/')
		text = text[1:]
	}
	return strings.TrimSpace(code.String())
}

func separates(r rune) bool { return strings.ContainsRune(" \t,;:-\"'(){}[]\u00a0", r) }

func appendWord(dst []byte, word string) ([]byte, error) {
	pairs := word
	if len(word) > 2 && word[0] == '0' && word[1]|0x20 == 'x' {
		pairs = word[2:]
		if len(pairs) == 1 {
			pairs = "0" + pairs
		}
	}
	if n := hexRun(pairs); n < len(pairs) {
		return dst, fmt.Errorf("%.40q is not hexadecimal; an offset or a column of characters is known in --in xxd and --in hexdump", word)
	}
	if len(pairs)%2 != 0 {
		return dst, fmt.Errorf("%.40q is an odd number of digits", word)
	}
	return appendHex(dst, pairs), nil
}

func (d *digits) end(dst []byte) ([]byte, error) {
	if !d.any {
		return dst, errors.New("no digits up to here")
	}
	return dst, nil
}
