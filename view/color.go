package view

import "bytes"

// Colors are the escape sequences that switch a terminal to the colour of a kind
// of token, and back. Brackets and commas keep the colour of the terminal.
type Colors struct {
	Key    string // of an object
	String string
	Number string
	Word   string // true, false and null
	Reset  string
}

// of returns the colour of the token of n bytes at the start of text, which is
// the rest of valid JSON.
func (c *Colors) of(text []byte, n int) string {
	if c == nil {
		return ""
	}
	switch b := text[0]; {
	case b == '"' && bytes.HasPrefix(bytes.TrimLeft(text[n:], jsonSpace), []byte(":")):
		return c.Key
	case b == '"':
		return c.String
	case b >= 'a':
		return c.Word
	}
	return c.Number
}
