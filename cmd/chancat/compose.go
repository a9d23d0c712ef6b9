package main

import (
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// compose returns the message that a person means who has typed this for c.
func compose(c frame.Codec, typed []byte) ([]byte, error) {
	if c, ok := c.(framing.Composer); ok {
		return c.Compose(nil, typed)
	}
	return typed, nil
}
