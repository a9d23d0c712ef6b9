//go:build !unix

package sender

import "io"

// tryWriter is a write that returns at once with what the stream took.
type tryWriter interface {
	tryWrite(p []byte) (n int, err error)
}

func newTryWriter(io.Writer) tryWriter { return nil }
