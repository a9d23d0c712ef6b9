package endpoint

import (
	"os"
	"os/exec"
	"syscall"
)

// Windows has neither process groups of this kind nor a SIGTERM.

func ownGroup(*exec.Cmd) {}

func terminate(p *os.Process) { p.Kill() }
func kill(p *os.Process)      { p.Kill() }

func signalGroup(p *os.Process, _ syscall.Signal) { p.Kill() }

func signalOf(*os.ProcessState) (number int, name string, ok bool) { return 0, "", false }

func isBrokenPipe(int) bool { return false }
