package main

import (
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/internal/text/escape"
)

// typedMessage is what stands in the command line as message number n, with escapes
// or without.
func typedMessage(typed string, escapes bool, n int) (msg []byte, err error) {
	if msg = []byte(typed); escapes {
		if msg, err = escape.Unescape(nil, msg); err != nil {
			return nil, &text.InputError{Message: n, Err: err}
		}
	}
	return msg, nil
}

// compose returns the message that a person means who has typed this for c.
func compose(c frame.Codec, typed []byte) ([]byte, error) {
	if c, ok := c.(framing.Composer); ok {
		return c.Compose(nil, typed)
	}
	return typed, nil
}
