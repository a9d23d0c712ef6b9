//go:build unix && !aix && !solaris

package repl

import (
	"os"
	"os/signal"
	"syscall"
)

// watch calls resized and resumed when the terminal has another size, and when
// this process goes on after a stop, and dumping before SIGQUIT has the runtime
// dump its goroutines and end the process; until stop is called.
func watch(resized, resumed, dumping func()) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGCONT)
	if !signal.Ignored(syscall.SIGQUIT) {
		signal.Notify(signals, syscall.SIGQUIT)
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				switch s {
				case syscall.SIGCONT:
					resumed()
				case syscall.SIGQUIT:
					dumping()
					signal.Reset(syscall.SIGQUIT)
					syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
				default:
					resized()
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// stopGroup stops the foreground job as the tty does at Ctrl-Z. It returns when the
// job goes on; at once if nobody could make it go on.
func stopGroup() { syscall.Kill(0, syscall.SIGTSTP) }
