package main

import (
	"errors"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/view"
)

// A faultError is a broken frame together with its bytes, so that it can be
// shown.
type faultError struct {
	where string // a file, or an address
	err   *frame.Error
	bytes []byte // from the first byte of the broken frame
}

func (e *faultError) Error() string { return e.where + ": " + e.err.Error() }
func (e *faultError) Unwrap() error { return e.err }

// faultBytes bounds what is kept of a broken frame.
const faultBytes = 4 << 10

// located adds to a broken frame where it was found, and its bytes. Other errors
// are returned as they are.
func located(where string, err error, bytes []byte) error {
	f, ok := errors.AsType[*frame.Error](err)
	if !ok || f.Cause == "" {
		return err
	}
	return &faultError{where, f, append([]byte{}, bytes[:min(len(bytes), faultBytes)]...)}
}

// picture draws the bytes round the fault.
func (e *faultError) picture() []byte {
	return view.AppendFault(nil, e.bytes, e.err.Start, e.err.Offset)
}
