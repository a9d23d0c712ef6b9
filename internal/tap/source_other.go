//go:build !unix

package tap

import "syscall"

// newRawSource has none: this system's sockets are read into a waiting block.
func newRawSource(syscall.RawConn, *supply) (source, bool) { return nil, false }
