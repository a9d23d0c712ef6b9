package main

import (
	"fmt"
	"io"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/ws"
)

// A close frame with a status is the end of a peer, and no failure to reach it.
func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, exitOK},
		{&ws.CloseError{Code: 1011, Reason: "oops"}, exitClosed},
		{fmt.Errorf("lost: %w", io.ErrUnexpectedEOF), exitBroken},
		{fmt.Errorf("message 1: %w", frame.ErrUnsendable), exitUsage},
		{io.ErrNoProgress, exitConnect},
	} {
		if got := exitCode(c.err); got != c.code {
			t.Errorf("%v: exit %d, want %d", c.err, got, c.code)
		}
	}
}
