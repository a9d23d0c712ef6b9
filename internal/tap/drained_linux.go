package tap

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/chancat/channel/endpoint"
)

const (
	drainMost = 500 * time.Millisecond // a peer that does not read is waited for no longer
	drainStep = time.Millisecond
)

// drained waits until what was written to c has arrived: a reset would overtake it.
func drained(c *endpoint.Conn) {
	tcp := tcpUnder(c)
	if tcp == nil {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	for deadline := time.Now().Add(drainMost); time.Now().Before(deadline); time.Sleep(drainStep) {
		left := 0
		raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), syscall.TIOCOUTQ) })
		if err != nil || left == 0 {
			return
		}
	}
}
