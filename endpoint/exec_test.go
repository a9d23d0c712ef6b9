//go:build unix

package endpoint

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
	"github.com/chancat/channel/internal/socket"
)

func TestExec(t *testing.T) {
	c := dial(t, "exec:cat", nil)
	within(t, "cat", func() {
		io.WriteString(c.Stream, "hello")
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(c.Stream); string(got) != "hello" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		c.Close()
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	})
	if c.Remote != "cat" {
		t.Errorf("remote %q", c.Remote)
	}
}

func TestExecStatusAndStderr(t *testing.T) {
	var stderr bytes.Buffer
	c := dial(t, "exec:sh -c 'echo oops >&2; exit 9'", &Options{Stderr: &stderr})
	if got, err := io.ReadAll(c.Stream); len(got) != 0 || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	c.Close()
	var exit *ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.Status != 9 || exit.Signal != "" || !strings.Contains(err.Error(), "status 9") {
		t.Errorf("Wait: %v", err)
	}
	if stderr.String() != "oops\n" {
		t.Errorf("stderr %q", &stderr)
	}
}

func TestExecNotFound(t *testing.T) {
	_, err := Dial(t.Context(), "exec:no-such-program-here x", nil)
	var e *socket.Error
	if !errors.As(err, &e) || !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "give its path") {
		t.Errorf("got %v", err)
	}
	path := t.TempDir() + "/data"
	os.WriteFile(path, nil, 0o600)
	if _, err := Dial(t.Context(), "exec:"+path, nil); err == nil || !strings.Contains(err.Error(), "not executable") {
		t.Errorf("got %v", err)
	}
}

// The child gets blocking pipes: many programs break on EAGAIN.
func TestExecBlockingPipes(t *testing.T) {
	python := peertest.Need(t, "python3")[0]
	c := dial(t, "exec:"+python+" -c 'import os; print(os.get_blocking(0), os.get_blocking(1))'", nil)
	if got, _ := io.ReadAll(c.Stream); string(got) != "True True\n" {
		t.Errorf("stdin and stdout blocking: %q", got)
	}
}

func TestExecCloseInterrupts(t *testing.T) {
	c := dial(t, "exec:cat", nil)
	got := make(chan error, 1)
	go func() { _, err := c.Stream.Read(make([]byte, 1)); got <- err }()
	within(t, "Close", func() {
		c.Close()
		if err := <-got; !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read: %v, want os.ErrClosed", err)
		}
	})
	c.Close()
}

// A child that goes on writing when we have read enough is no failure.
func TestExecBrokenPipe(t *testing.T) {
	c := dial(t, "exec:yes", nil)
	if _, err := io.ReadFull(c.Stream, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	within(t, "Close", func() { c.Close() })
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}

// A child that ignores the end of its input is ended by SIGTERM; one that ignores
// that too, by SIGKILL, and with it what it has started.
func TestExecStubborn(t *testing.T) {
	for script, signal := range map[string]syscall.Signal{
		"echo $$; sleep 1000 & echo $!; wait":               syscall.SIGTERM,
		"trap '' TERM; echo $$; sleep 1000 & echo $!; wait": syscall.SIGKILL,
	} {
		c := dial(t, `exec:sh -c "`+strings.ReplaceAll(script, "$", `\$`)+`"`, nil)
		lines := make([]byte, 0, 64)
		for bytes.Count(lines, []byte("\n")) < 2 {
			buf := make([]byte, 64)
			n, err := c.Stream.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, buf[:n]...)
		}
		within(t, "Close", func() { c.Close() })
		var exit *ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.Status != 128+int(signal) || exit.Signal != signal.String() {
			t.Errorf("%s: Wait: %v, want %v", script, err, signal)
		}
		for _, field := range strings.Fields(string(lines)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			waitGone(t, pid)
		}
	}
}

func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if syscall.Kill(pid, 0) == syscall.ESRCH || isZombie(pid) {
			return
		}
	}
	t.Errorf("process %d lives on", pid)
}

// An orphan that is dead and that init has not reaped yet still has a number.
func isZombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}
