package term

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"time"

	xterm "golang.org/x/term"
)

// ReadSecret asks for a line on a terminal, which does not show what is typed. The
// question goes to ask, which is not stdout: that may be a pipe. When ctx ends, the
// terminal is as it was found and the error is why.
func ReadSecret(ctx context.Context, tty, ask *os.File, question string) ([]byte, error) {
	found, err := xterm.GetState(int(tty.Fd()))
	if err != nil {
		return nil, err
	}
	type answer struct {
		text []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := xterm.ReadPassword(int(tty.Fd()))
		answers <- answer{text, err}
	}()
	awaitChange(int(tty.Fd()), found)
	fmt.Fprint(ask, question)
	defer fmt.Fprintln(ask)
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done(): // the read goes on until the process ends
		xterm.Restore(int(tty.Fd()), found)
		return nil, context.Cause(ctx)
	}
}

// awaitChange returns when the terminal is no longer as it was found: from then on
// it does not show what is typed, and who restores it is not undone. A terminal that
// was so before is not waited for long.
func awaitChange(fd int, found *xterm.State) {
	for range 200 {
		now, err := xterm.GetState(fd)
		if err != nil || !reflect.DeepEqual(now, found) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
