//go:build !unix

package tap

import "syscall"

// newRawSource returns nil: this system's sockets are read into a waiting buffer.
func newRawSource(syscall.RawConn) source { return nil }
