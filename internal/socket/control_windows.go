package socket

import (
	"errors"
	"fmt"
	"syscall"
)

const unixPathMax = 107

// Windows has no Unix datagram sockets, so the probe is a connection.
const probeNetwork = "unix"

// reusePort refuses: SO_REUSEADDR, the nearest thing here, lets any program take
// over the port.
func reusePort(_, _ string, _ syscall.RawConn) error {
	return fmt.Errorf("sharing a port: %w on Windows", errors.ErrUnsupported)
}

// privateSocket does nothing: the directory's access list decides.
func privateSocket(_, _ string, _ syscall.RawConn) error { return nil }

// pendingError knows none: the next read tells.
func pendingError(uintptr) error { return nil }
