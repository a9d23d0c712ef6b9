package main

import (
	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// decideLater has each connection decide by itself what its framing is.
func (c *tapCommand) decideLater() {
	c.framing.Spelling = "auto"
	c.options.Decide = func(client, server []byte, _ bool) (framing.Framing, bool) {
		a := detect.Detect([]detect.Stream{
			{Data: client, From: detect.Client, Conn: 1},
			{Data: server, From: detect.Server, Conn: 1},
		})
		if !a.Decided {
			return framing.Framing{}, false
		}
		f, err := framing.Parse(a.Candidates[0].Framing)
		return f, err == nil
	}
}
