package child

import (
	"os"
	"os/exec"
	"syscall"
)

// Windows has neither process groups of this kind nor a SIGTERM.

func ownGroup(*exec.Cmd) {}

// Signal ends a program that Start has started.
func Signal(p *os.Process, _ syscall.Signal) { p.Kill() }
