package pcap

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNotCapture is under the error for a file that begins like neither format.
	ErrNotCapture = errors.New("neither pcap nor pcapng")

	// ErrSyntax is under the error for a capture that contradicts its format.
	ErrSyntax = errors.New("malformed capture")
)

// An Error says where a capture cannot be read on. What stands before was
// returned.
type Error struct {
	Packet int64 // packets before it
	Offset int64 // of the record that cannot be read, in the file
	Err    error // wraps ErrNotCapture, ErrSyntax, io.ErrUnexpectedEOF, or the error of the read
}

func (e *Error) Error() string {
	if e.Err == io.ErrUnexpectedEOF {
		return fmt.Sprintf("the capture ends inside packet %d, which begins at byte %d: %v", e.Packet+1, e.Offset, e.Err)
	}
	return fmt.Sprintf("byte %d, behind packet %d: %v", e.Offset, e.Packet, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrSyntax}, args...)...)
}
