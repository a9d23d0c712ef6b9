package child

import (
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// running are the programs that have not ended, each with what is closed then.
var running struct {
	sync.Mutex
	ended map[*exec.Cmd]chan struct{}
}

// Start starts cmd at the head of a process group: what it starts ends with it
// where Signal, or the end of its context, ends it. Wait is to be called behind it.
func Start(cmd *exec.Cmd) error {
	ownGroup(cmd)
	if cmd.Cancel != nil {
		cmd.Cancel = func() error {
			Signal(cmd.Process, syscall.SIGKILL)
			return nil
		}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	running.Lock()
	defer running.Unlock()
	if running.ended == nil {
		running.ended = map[*exec.Cmd]chan struct{}{}
	}
	running.ended[cmd] = make(chan struct{})
	return nil
}

// Wait is cmd.Wait for a program that Start has started.
func Wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	running.Lock()
	defer running.Unlock()
	close(running.ended[cmd])
	delete(running.ended, cmd)
	return err
}

// killMost is how long KillAll waits for programs that it has killed.
const killMost = time.Second

// KillAll kills every program that Start has started, and what those have started,
// and waits a moment until they are gone. It is for a process that ends at once and
// closes nothing.
func KillAll() {
	running.Lock()
	var all []chan struct{}
	for cmd, ended := range running.ended {
		Signal(cmd.Process, syscall.SIGKILL)
		all = append(all, ended)
	}
	running.Unlock()
	late := time.After(killMost)
	for _, ended := range all {
		select {
		case <-ended:
		case <-late:
			return
		}
	}
}
