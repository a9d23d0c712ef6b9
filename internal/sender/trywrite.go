package sender

import "io"

// TryWriter returns a write to w that does not block: it returns the number of bytes
// that the stream took at once. It is nil where there is none. One goroutine at a
// time may use it.
func TryWriter(w io.Writer) func(p []byte) (n int, err error) {
	if t := newTryWriter(w); t != nil {
		return t.tryWrite
	}
	return nil
}
