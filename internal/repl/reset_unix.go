//go:build unix && !aix && !solaris

package repl

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// resetOf is what the kernel knows to be wrong with a socket whose input has ended, of
// which a read tells no more; nil if it is nothing.
func resetOf(stream any) error {
	if t, ok := stream.(interface{ NetConn() net.Conn }); ok {
		stream = t.NetConn()
	}
	c, ok := stream.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	var number int
	if controlErr := raw.Control(func(fd uintptr) {
		number, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
	}); controlErr != nil || err != nil || number == 0 {
		return nil
	}
	return syscall.Errno(number)
}
