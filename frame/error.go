package frame

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrSyntax is the sentinel under every error for bytes that no valid frame
	// holds at that place.
	ErrSyntax = errors.New("malformed frame")

	// ErrTooLarge is the sentinel under every error for a body over the limit.
	ErrTooLarge = errors.New("frame too large")

	// ErrUnsendable is the sentinel under every error for a message that a
	// framing cannot carry. Nothing was written; the stream is unharmed.
	ErrUnsendable = errors.New("message cannot be sent in this framing")
)

// A Cause names why a frame is broken, in the words of docs/spec.md §7.
type Cause string

// The causes that a codec can know by itself. Package detect knows the others.
const (
	CauseSyntax        Cause = "syntax" // nothing more is known
	CauseTruncated     Cause = "truncated"
	CauseTooLarge      Cause = "too-large"
	CauseLineEnding    Cause = "line-ending"
	CauseWrongProtocol Cause = "wrong-protocol"
	CauseBadDigits     Cause = "bad-digits"
)

// An Error is a broken frame. Codecs give offsets into the buffer that they were
// handed; a [Reader] turns them into stream offsets.
type Error struct {
	Start  int64 // first byte of the broken frame
	Offset int64 // the byte that broke it; the length of the stream when it ended too early
	Cause  Cause // empty when reading failed
	Err    error // wraps ErrSyntax, ErrTooLarge, io.ErrUnexpectedEOF or the read error
}

func (e *Error) Error() string {
	if e.Offset == e.Start {
		return fmt.Sprintf("frame at byte %d: %v", e.Start, e.Err)
	}
	return fmt.Sprintf("frame at byte %d: byte %d: %v", e.Start, e.Offset, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Malformed reports that the byte at offset cannot stand there.
func Malformed(offset int, format string, args ...any) error {
	return Broken(CauseSyntax, offset, format, args...)
}

// Broken is Malformed with a cause that is known better than [CauseSyntax].
func Broken(cause Cause, offset int, format string, args ...any) error {
	for i, arg := range args {
		if b, ok := arg.(byte); ok && b >= 0x80 {
			args[i] = highByte(b)
		}
	}
	return &Error{Offset: int64(offset), Cause: cause, Err: &detail{ErrSyntax, fmt.Sprintf(format, args...)}}
}

// A highByte is one that begins no character by itself: quoted it is '\xff', and not
// the letter that has this number.
type highByte byte

func (b highByte) Format(s fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(s, `'\x%02x'`, byte(b))
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), byte(b))
}

// TooLarge reports that the length declared at offset claims a body of that many
// bytes, more than can be held. It is for claims that do not fit an int; a claim
// that does is judged by the Reader.
func TooLarge(offset int, claimed uint64) error {
	return &Error{Offset: int64(offset), Cause: CauseTooLarge, Err: &sizeError{claimed: claimed}}
}

// Truncated reports that the stream ended inside a frame of which have bytes
// arrived and at least need more are missing.
func Truncated(have, need int) error {
	text := fmt.Sprintf("the frame lacks at least %d more bytes", need)
	if need == 1 {
		text = "the frame lacks at least 1 more byte"
	}
	return &Error{Offset: int64(have), Cause: CauseTruncated, Err: &detail{io.ErrUnexpectedEOF, text}}
}

// Refuse reports that a framing cannot carry a message; it wraps
// [ErrUnsendable].
func Refuse(format string, args ...any) error {
	return &detail{ErrUnsendable, fmt.Sprintf(format, args...)}
}

// A detail is a sentinel with the particulars.
type detail struct {
	sentinel error
	text     string
}

func (d *detail) Error() string { return d.sentinel.Error() + ": " + d.text }
func (d *detail) Unwrap() error { return d.sentinel }

// A sizeError is a claim over the limit. claimed is 0 where the framing declares
// no length and the body just did not end.
type sizeError struct {
	claimed uint64
	limit   int
}

func (e *sizeError) Error() string {
	if e.claimed == 0 {
		return fmt.Sprintf("%v: the body does not end within the limit of %d bytes", ErrTooLarge, e.limit)
	}
	return fmt.Sprintf("%v: a body of %d bytes, the limit is %d", ErrTooLarge, e.claimed, e.limit)
}

func (e *sizeError) Unwrap() error { return ErrTooLarge }
