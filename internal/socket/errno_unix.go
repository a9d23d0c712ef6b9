//go:build unix

package socket

import "syscall"

const (
	errRefused      = syscall.ECONNREFUSED
	errReset        = syscall.ECONNRESET
	errAddrInUse    = syscall.EADDRINUSE
	errAddrNotAvail = syscall.EADDRNOTAVAIL
	errHostUnreach  = syscall.EHOSTUNREACH
	errNetUnreach   = syscall.ENETUNREACH
	errTimedOut     = syscall.ETIMEDOUT
	errMessageSize  = syscall.EMSGSIZE
)
