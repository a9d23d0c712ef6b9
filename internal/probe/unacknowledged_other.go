//go:build !linux

package probe

import "io"

// unacknowledged is known on Linux only.
func unacknowledged(io.ReadWriteCloser) (n int, known bool) { return 0, false }
