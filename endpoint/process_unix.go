//go:build unix

package endpoint

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup has cmd lead a process group, so that what it starts ends with it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func terminate(p *os.Process) { signalGroup(p, syscall.SIGTERM) }
func kill(p *os.Process)      { signalGroup(p, syscall.SIGKILL) }

func signalGroup(p *os.Process, s syscall.Signal) { syscall.Kill(-p.Pid, s) }

func signalOf(s *os.ProcessState) (number int, name string, ok bool) {
	status := s.Sys().(syscall.WaitStatus)
	if !status.Signaled() {
		return 0, "", false
	}
	return int(status.Signal()), status.Signal().String(), true
}

func isBrokenPipe(signal int) bool { return signal == int(syscall.SIGPIPE) }
