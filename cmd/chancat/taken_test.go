package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// taken waits until the program at the other end of conn, which is on this machine
// too, has read all that was sent: what is sent next is another read of it.
func taken(conn *net.TCPConn) error {
	near, far := inTable(conn.LocalAddr()), inTable(conn.RemoteAddr())
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil { // only Linux tells
			time.Sleep(200 * time.Millisecond)
			return nil
		}
		arrived, read := false, false
		for line := range strings.Lines(string(table)) {
			// number, local address, remote address, state, bytes not acknowledged:not read
			switch f := strings.Fields(line); {
			case f[1] == near && f[2] == far:
				arrived = strings.HasPrefix(f[4], "00000000:")
			case f[1] == far && f[2] == near:
				read = strings.HasSuffix(f[4], ":00000000")
			}
		}
		if arrived && read {
			return nil
		}
	}
	return errors.New("the other end does not read")
}

// inTable is how the kernel's table of TCP sockets writes an IPv4 address.
func inTable(address net.Addr) string {
	a := address.(*net.TCPAddr)
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(a.IP.To4()), a.Port)
}
