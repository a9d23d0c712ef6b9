package main

import (
	"errors"
	"io"
	"syscall"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/socket"
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/internal/ws"
)

// The exit codes of docs/spec.md §7.
const (
	exitOK      = 0
	exitFailed  = 1 // a check failed
	exitUsage   = 2
	exitConnect = 3 // also files
	exitBroken  = 4
	exitClosed  = 5
	exitTimeout = 6
)

// A codedError is an error whose exit code no other type tells.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func usage(err error) error { return &codedError{exitUsage, err} }

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case as[*codedError](err) != nil:
		return as[*codedError](err).code
	case as[*signalError](err) != nil:
		return as[*signalError](err).exitCode()
	case as[*statusError](err) != nil:
		return as[*statusError](err).status
	case as[*endpoint.ExitError](err) != nil:
		return exitFailed
	case errors.Is(err, frame.ErrUnsendable), as[*text.InputError](err) != nil, as[*framing.SpellingError](err) != nil,
		as[*socket.AddressError](err) != nil:
		return exitUsage
	case as[*socket.Error](err) != nil: // before broken frames: a handshake can be cut short too
		return exitConnect
	case errors.Is(err, frame.ErrSyntax), errors.Is(err, frame.ErrTooLarge), errors.Is(err, io.ErrUnexpectedEOF):
		return exitBroken
	case as[*outputError](err) != nil:
		return exitConnect
	case as[*ws.CloseError](err) != nil, errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return exitClosed // before files: the pipes of a child are some
	default:
		return exitConnect
	}
}

// as is errors.AsType without the second result: nil means no.
func as[E interface {
	error
	comparable
}](err error) (none E) {
	if e, ok := errors.AsType[E](err); ok {
		return e
	}
	return none
}
