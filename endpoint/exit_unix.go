//go:build unix

package endpoint

import (
	"os"
	"syscall"
)

// signalOf is the signal that has ended a process.
func signalOf(s *os.ProcessState) (number int, name string, ok bool) {
	status := s.Sys().(syscall.WaitStatus)
	if !status.Signaled() {
		return 0, "", false
	}
	return int(status.Signal()), status.Signal().String(), true
}

func isBrokenPipe(signal int) bool { return signal == int(syscall.SIGPIPE) }
