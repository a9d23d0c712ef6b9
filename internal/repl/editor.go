// Package repl is the interactive session: lines that a person types become
// messages, and those of the peer are shown between them (docs/spec.md §8).
package repl

// An Editor reads what a person types and shows what arrives meanwhile.
type Editor interface {
	// ReadLine returns the next line without its LF. At the end of the input the
	// error is io.EOF; a terminal may have more to read after it.
	ReadLine() (string, error)
	// Write shows p, which is whole lines. Any goroutine may call it.
	Write(p []byte) (int, error)
	// Close makes ReadLine return io.EOF. Any goroutine may call it.
	Close() error
}
