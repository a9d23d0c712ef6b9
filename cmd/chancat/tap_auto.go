package main

import "errors"

// decideLater has each connection decide by itself what its framing is.
func (c *tapCommand) decideLater() error {
	return usage(errors.New("-f auto: tap cannot decide yet; give the framing"))
}
