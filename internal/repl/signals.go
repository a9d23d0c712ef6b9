//go:build unix && !aix && !solaris

package repl

import (
	"os"
	"os/signal"
	"syscall"
)

// watch calls resized and resumed when the terminal has another size, and when
// this process goes on after a stop, until stop is called.
func watch(resized, resumed func()) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGCONT)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				if s == syscall.SIGCONT {
					resumed()
				} else {
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
