//go:build !unix || aix || solaris

package repl

import "errors"

// newLineEditor is for terminals that we can paint on.
func newLineEditor(Config) (Editor, error) { return nil, errors.ErrUnsupported }
