//go:build unix

package socket

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unixPathMax is the length in bytes of the longest path of a Unix socket: the
// kernel's array less its closing NUL.
const unixPathMax = len(syscall.RawSockaddrUnix{}.Path) - 1

// probeNetwork finds out whether a socket file has a listener without the
// listener noticing: a datagram socket cannot connect to a stream socket, but the
// refusal differs when nobody has it open.
const probeNetwork = "unixgram"

// reusePort lets several listeners share a port.
func reusePort(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); e != nil {
		return e
	}
	return err
}

// privateSocket has bind create the file with mode 0600. Systems other than Linux
// refuse; there the mode is set after bind.
func privateSocket(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = unix.Fchmod(int(fd), socketMode) })
}

// pendingError takes the error that waits on a socket.
func pendingError(fd uintptr) error {
	n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil || n == 0 {
		return err
	}
	return syscall.Errno(n)
}
