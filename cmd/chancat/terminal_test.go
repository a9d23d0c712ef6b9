//go:build unix

package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// A terminal is a pty with chancat at its other end.
type terminal struct {
	t      testing.TB
	cmd    *exec.Cmd
	keys   *os.File
	tty    *os.File // what chancat has, open until it has ended
	before *term.State

	stalled sync.Mutex // held while the terminal takes nothing, as after Ctrl-S
	drained chan struct{}

	mu     sync.Mutex // guards the rest
	screen bytes.Buffer
	spot   []byte // what to look for
	found  chan time.Time
}

// screenMost bounds what is kept of the screen, in bytes.
const screenMost = 4 << 20

// onTerminal runs chancat on a terminal with these variables of the environment.
func onTerminal(t testing.TB, env []string, args ...string) *terminal {
	t.Helper()
	cmd := exec.Command("chancat", args...)
	cmd.Env = append(os.Environ(), append([]string{"TERM=xterm", "XDG_STATE_HOME=" + t.TempDir()}, env...)...)
	keys, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(keys, &pty.Winsize{Rows: 40, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	tm := &terminal{t: t, cmd: cmd, keys: keys, tty: tty, drained: make(chan struct{})}
	if tm.before, err = term.GetState(int(tty.Fd())); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(tm.drained)
		buf := make([]byte, 4096)
		for {
			n, err := keys.Read(buf)
			tm.stalled.Lock()
			tm.took(buf[:n])
			tm.stalled.Unlock()
			if err != nil { // EIO when chancat has ended
				return
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		tty.Close()
		<-tm.drained
		keys.Close()
	})
	return tm
}

// took keeps what has come to the terminal.
func (tm *terminal) took(p []byte) {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	if tm.screen.Len() > screenMost {
		tm.screen.Next(screenMost / 2)
	}
	from := max(0, tm.screen.Len()-len(tm.spot))
	tm.screen.Write(p)
	if tm.spot != nil && bytes.Contains(tm.screen.Bytes()[from:], tm.spot) {
		tm.found <- time.Now()
		tm.spot = nil
	}
}

// spots returns a channel that has the time when text comes, once.
func (tm *terminal) spots(text string) <-chan time.Time {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	tm.spot, tm.found = []byte(text), make(chan time.Time, 1)
	return tm.found
}

func (tm *terminal) shown() string {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	return tm.screen.String()
}

// sees waits until text is on the screen.
func (tm *terminal) sees(text string) {
	tm.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(tm.shown(), text); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			tm.t.Fatalf("no %q in %q", text, tm.shown())
		}
	}
}

func (tm *terminal) types(text string) {
	tm.t.Helper()
	if _, err := tm.keys.WriteString(text); err != nil {
		tm.t.Fatal(err)
	}
}

// ends waits until chancat has ended and returns its exit status. The terminal must
// be as it was before.
func (tm *terminal) ends() int {
	tm.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- tm.cmd.Wait() }()
	select {
	case err := <-ended:
		after, stateErr := term.GetState(int(tm.tty.Fd()))
		if stateErr != nil || !reflect.DeepEqual(after, tm.before) {
			tm.t.Errorf("the terminal is not as it was: %v, was %v, %v", after, tm.before, stateErr)
		}
		tm.tty.Close()
		<-tm.drained
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			return failed.ExitCode()
		}
		if err != nil {
			tm.t.Fatal(err)
		}
		return 0
	case <-time.After(patience):
		tm.t.Fatalf("does not end; the screen has %q", tm.shown())
		return -1
	}
}

// accepted is a listener and, once one has connected, its client.
func accepted(t testing.TB) (address string, client func() *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), func() *net.TCPConn {
		l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(patience))
		return c.(*net.TCPConn)
	}
}

func wants(t testing.TB, c net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	for n := 0; n < len(got); {
		m, err := c.Read(got[n:])
		if n += m; err != nil {
			t.Fatalf("got %q, %v; want %q", got[:n], err, text)
		}
	}
	if string(got) != text {
		t.Fatalf("got %q, want %q", got, text)
	}
}

// A line is a message, the first Ctrl-D half-closes, the second one quits.
func TestTerminalSession(t *testing.T) {
	t.Parallel()
	address, client := accepted(t)
	tm := onTerminal(t, nil, "connect", address)
	c := client()
	tm.sees("connected to " + address)
	tm.types("hello\r")
	wants(t, c, "\r\nMSG 5\r\nhello")
	tm.types("\x04")
	tm.sees("half-closed")
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Fatalf("got %d bytes, %v; want the end", n, err)
	}
	c.Write([]byte("\r\nMSG 4\r\nlate"))
	tm.sees("late")
	tm.types("\x04")
	if status := tm.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestTerminalQuit(t *testing.T) {
	t.Parallel()
	tm := onTerminal(t, []string{"TERM=dumb"}, "connect", "echo:")
	tm.sees("connected to echo:")
	tm.types("/help\r")
	tm.sees("/quit")
	tm.types("/quit\r")
	if status := tm.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if strings.Contains(tm.shown(), "\x1b") {
		t.Errorf("a dumb terminal got %q", tm.shown())
	}
}

// A peer must not be able to drive the terminal, neither in a session nor where
// stdout alone is one.
func TestTerminalEscapes(t *testing.T) {
	t.Parallel()
	const attack = "\r\nMSG 4\r\n\x1b[2J\r\nMSG 9\r\n\x1b]0;evil\a\r\nMSG 3\r\na\rb\r\nMSG 5\r\n\xc2\x9b2Jx"
	for name, args := range map[string][]string{
		"session": {"connect"}, "text": {"connect", "--view", "text"}, "json": {"connect", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, client := accepted(t)
			tm := onTerminal(t, []string{"TERM=dumb"}, append(args, address)...)
			c := client()
			c.Write([]byte(attack))
			tm.sees("[2J")
			tm.sees("evil")
			tm.sees("2Jx")
			if shown := tm.shown(); strings.ContainsAny(shown, "\x1b\a\u009b") || strings.Contains(shown, "a\rb") {
				t.Errorf("the terminal got %q", shown)
			}
		})
	}
}

func TestTerminalDecode(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/frames"
	if err := os.WriteFile(file, []byte("\r\nMSG 4\r\n\x1b[2J"), 0o600); err != nil {
		t.Fatal(err)
	}
	tm := onTerminal(t, nil, "decode", file)
	if status := tm.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if shown := tm.shown(); strings.Contains(shown, "\x1b") || !strings.Contains(shown, "[2J") {
		t.Errorf("the terminal got %q", shown)
	}
}

func TestTerminalColor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  string
		args []string
		want bool
	}{
		{"TERM=xterm", nil, true},
		{"TERM=dumb", nil, false},
		{"NO_COLOR=1", nil, false},
		{"NO_COLOR=", nil, true},
		{"NO_COLOR=1", []string{"--color=always"}, true},
		{"TERM=xterm", []string{"--color=never"}, false},
	} {
		t.Run(c.env+strings.Join(c.args, ""), func(t *testing.T) {
			t.Parallel()
			tm := onTerminal(t, []string{c.env}, append(c.args, "decode", "/no/such/file")...)
			if status := tm.ends(); status != 3 {
				t.Errorf("exit status %d", status)
			}
			if got := strings.Contains(tm.shown(), "\x1b["); got != c.want {
				t.Errorf("colour is %v in %q", got, tm.shown())
			}
		})
	}
}

// A broken frame ends the session with exit 4, a lost connection with 5; the
// end of the peer's side does not end it.
func TestTerminalEnds(t *testing.T) {
	t.Parallel()
	address, client := accepted(t)
	broken := onTerminal(t, nil, "connect", address)
	client().Write([]byte("nonsense"))
	broken.sees("byte 0")
	broken.types("/framing u8\r")
	broken.sees("decoding again")
	broken.types("/quit\r")
	if status := broken.ends(); status != 0 {
		t.Errorf("broken: exit status %d", status)
	}

	closed := onTerminal(t, nil, "connect", address)
	c := client()
	c.CloseWrite()
	closed.sees("the peer has closed its side")
	closed.types("still here\r")
	wants(t, c, "\r\nMSG 10\r\nstill here")
	closed.types("\x04\x04")
	if status := closed.ends(); status != 0 {
		t.Errorf("closed: exit status %d", status)
	}
}

// On a terminal a listener shows which client a message is from, and what is
// typed goes to all.
func TestTerminalListen(t *testing.T) {
	t.Parallel()
	portFile := t.TempDir() + "/port"
	tm := onTerminal(t, nil, "listen", "127.0.0.1:0", "--port-file", portFile)
	tm.sees("listening on tcp://127.0.0.1:")
	port, err := os.ReadFile(portFile)
	for deadline := time.Now().Add(patience); err != nil && time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		port, err = os.ReadFile(portFile)
	}
	var clients []net.Conn
	for _, text := range []string{"\r\nMSG 3\r\none", "\r\nMSG 3\r\ntwo"} {
		c, err := net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		c.Write([]byte(text))
		tm.sees(text[len(text)-3:])
		clients = append(clients, c)
	}
	tm.sees("[1]")
	tm.sees("[2]")
	tm.types("all\r")
	for _, c := range clients {
		wants(t, c, "\r\nMSG 3\r\nall")
	}
	tm.types("/quit\r")
	if status := tm.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
