//go:build unix && !aix && !solaris

package repl

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// TestTerminalIsSane runs a program on a terminal of its own, ends it in each way,
// and compares the terminal's mode with the one before.
func TestTerminalIsSane(t *testing.T) {
	for name, end := range map[string]func(master *os.File, p *os.Process){
		"SIGTERM at the prompt": func(_ *os.File, p *os.Process) { p.Signal(syscall.SIGTERM) },
		"SIGHUP at the prompt":  func(_ *os.File, p *os.Process) { p.Signal(syscall.SIGHUP) },
		"SIGTERM in a line": func(m *os.File, p *os.Process) {
			m.WriteString("half a line")
			p.Signal(syscall.SIGTERM)
		},
		"Ctrl-D and SIGTERM": func(m *os.File, p *os.Process) {
			m.WriteString("\x04")
			waitOutput(t, m, "demo> ")
			p.Signal(syscall.SIGTERM)
		},
		"quit":                                func(m *os.File, _ *os.Process) { m.WriteString("quit\r") },
		"panic":                               func(m *os.File, _ *os.Process) { m.WriteString("panic\r") },
		"panic in a goroutine of the session": func(m *os.File, _ *os.Process) { m.WriteString("/connect it\r") },
		"panic in the completer":              func(m *os.File, _ *os.Process) { m.WriteString("panic\t") },
		"SIGQUIT":                             func(_ *os.File, p *os.Process) { p.Signal(syscall.SIGQUIT) },
	} {
		t.Run(name, func(t *testing.T) {
			master, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer tty.Close()
			master = pollable(t, master)
			defer master.Close()
			before := ttyMode(t, tty)
			cmd := exec.Command(os.Args[0])
			kind, prompt := "0", "demo> "
			if strings.HasSuffix(name, "of the session") {
				kind, prompt = "session", "not connected> "
			}
			cmd.Env = append(os.Environ(), childEnv+"="+kind, "TERM=xterm", "XDG_STATE_HOME="+t.TempDir())
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitOutput(t, master, prompt)
			if ttyMode(t, tty) == before {
				t.Error("the mode at the prompt is the one before")
			}
			end(master, cmd.Process)
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			master.SetReadDeadline(time.Time{})
			go func() { // so that it can write
				for buf := make([]byte, 4096); ; {
					if _, err := master.Read(buf); err != nil {
						return
					}
				}
			}()
			select {
			case <-ended:
			case <-time.After(patience):
				cmd.Process.Kill()
				t.Fatal("it has not ended")
			}
			if ttyMode(t, tty) != before {
				t.Error("the terminal is not as it was")
			}
		})
	}
}

func ttyMode(t *testing.T, tty *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(tty.Fd()), getTermios)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

// waitOutput reads until text has come.
func waitOutput(t *testing.T, master *os.File, text string) {
	t.Helper()
	master.SetReadDeadline(time.Now().Add(patience))
	var out strings.Builder
	for buf := make([]byte, 4096); !strings.Contains(out.String(), text); {
		n, err := master.Read(buf)
		out.Write(buf[:n])
		if err != nil {
			t.Fatalf("waited in vain for %q: %v, %q", text, err, out.String())
		}
	}
}

func TestPlainWhereNothingCanBePainted(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer tty.Close()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		kind    string
		in, out *os.File
	}{{"dumb", tty, tty}, {"", tty, tty}, {"xterm", file, tty}, {"xterm", tty, file}} {
		e := NewEditor(Config{In: c.in, Out: c.out, Getenv: func(string) string { return c.kind }})
		if _, ok := e.(*plain); !ok {
			t.Errorf("TERM=%q, in %s, out %s: %T", c.kind, c.in.Name(), c.out.Name(), e)
		}
		e.Close()
	}
}
