package socket

import "golang.org/x/sys/windows"

// Winsock has its own numbers; package syscall's ECONNREFUSED and its like never
// come out of a socket on Windows.
const (
	errRefused      = windows.WSAECONNREFUSED
	errReset        = windows.WSAECONNRESET
	errAddrInUse    = windows.WSAEADDRINUSE
	errAddrNotAvail = windows.WSAEADDRNOTAVAIL
	errHostUnreach  = windows.WSAEHOSTUNREACH
	errNetUnreach   = windows.WSAENETUNREACH
	errTimedOut     = windows.WSAETIMEDOUT
	errMessageSize  = windows.WSAEMSGSIZE
)
