//go:build !(linux || darwin || freebsd || openbsd || windows)

package endpoint

import (
	"errors"
	"fmt"
	"io"
)

// openLine refuses.
func openLine(string, lineMode) (io.ReadWriteCloser, error) {
	return nil, fmt.Errorf("serial lines: %w on this system", errors.ErrUnsupported)
}
