//go:build unix

package child

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup has cmd lead a process group.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Signal sends s to a program that Start has started, and to what that has started.
func Signal(p *os.Process, s syscall.Signal) { syscall.Kill(-p.Pid, s) }
