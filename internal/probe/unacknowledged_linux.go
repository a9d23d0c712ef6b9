package probe

import (
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// unacknowledged returns the bytes that were written to a TCP connection and that
// the peer's kernel has not acknowledged. While there are some, what is written
// next may reach the peer together with them.
func unacknowledged(stream io.ReadWriteCloser) (n int, known bool) {
	if secure, ok := stream.(interface{ NetConn() net.Conn }); ok {
		stream = secure.NetConn()
	}
	tcp, ok := stream.(*net.TCPConn)
	if !ok {
		return 0, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, false
	}
	var failed error
	err = raw.Control(func(fd uintptr) { n, failed = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n, err == nil && failed == nil
}
