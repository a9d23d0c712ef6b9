//go:build unix

package main

import (
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// However a session ends, the terminal is as it was found, which ends checks; the
// exit status tells how.
func TestTerminalIsSane(t *testing.T) {
	t.Parallel()
	// What we ignore, under nohup, the sessions would ignore too.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
	for name, c := range map[string]struct {
		end  func(tm *terminal)
		want int
	}{
		"quit":             {func(tm *terminal) { tm.types("/quit\r") }, 0},
		"quit half-closed": {func(tm *terminal) { tm.types("\x04"); tm.sees("half-closed"); tm.types("/quit\r") }, 0},
		"Ctrl-D":           {func(tm *terminal) { tm.types("\x04\x04") }, 0},
		"Ctrl-C":           {func(tm *terminal) { tm.types("half\x03\x03\x03") }, 0},
		"SIGINT":           {func(tm *terminal) { tm.cmd.Process.Signal(syscall.SIGINT) }, 130},
		"SIGTERM":          {func(tm *terminal) { tm.types("half"); tm.cmd.Process.Signal(syscall.SIGTERM) }, 143},
		"SIGHUP":           {func(tm *terminal) { tm.types("half"); tm.cmd.Process.Signal(syscall.SIGHUP) }, 129},
		"SIGQUIT":          {func(tm *terminal) { tm.types("half"); tm.cmd.Process.Signal(syscall.SIGQUIT) }, 2},
		"SIGTERM in a long command": {func(tm *terminal) {
			tm.types("/connect 127.0.0.1:1\r/connect exec:sleep 60\r")
			tm.cmd.Process.Signal(syscall.SIGTERM)
		}, 143},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := onTerminal(t, nil, "connect", "echo:")
			tm.sees("connected to echo:")
			tm.sees("echo: msg> ")
			c.end(tm)
			if got := tm.ends(); got != c.want {
				t.Errorf("exit status %d, want %d", got, c.want)
			}
		})
	}
	t.Run("a peer that vanishes", func(t *testing.T) {
		t.Parallel()
		address, client := accepted(t)
		tm := onTerminal(t, nil, "connect", address)
		tm.sees("connected to")
		tm.types("half a line")
		c := client()
		c.SetLinger(0)
		c.Close()
		tm.sees("connection lost: connection reset by peer")
		tm.sees("half a line")
		tm.types("\x15/quit\r")
		if got := tm.ends(); got != 0 {
			t.Errorf("exit status %d", got)
		}
	})
	// The child does not end, so that the session takes its time to; a second signal
	// does not wait for that.
	t.Run("a second SIGINT", func(t *testing.T) {
		t.Parallel()
		tm := onTerminal(t, nil, "connect", `exec:sh -c 'trap "" INT TERM; echo up >&2; while :; do sleep 0.1; done'`)
		tm.sees("up")
		tm.sees("connected to")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for tm.cmd.Process.Signal(syscall.SIGINT) == nil {
				time.Sleep(20 * time.Millisecond)
			}
		}()
		if got := tm.ends(); got != 130 {
			t.Errorf("exit status %d", got)
		}
		<-done
	})
}

// What others write to stderr does not stand in the line being typed.
func TestTerminalStderr(t *testing.T) {
	t.Parallel()
	tm := onTerminal(t, nil, "connect", "-f", "line", `exec:sh -c 'read x; printf "one " >&2; printf "\033[2J\ntwo" >&2; read y'`)
	tm.sees("connected to")
	tm.types("go\rhalf a line")
	tm.sees(`-- stderr: one \x1b[2J`)
	tm.sees("-- stderr: two")
	tm.sees("half a line")
	if strings.Contains(tm.shown(), "\x1b[2J") {
		t.Errorf("the terminal got %q", tm.shown())
	}
	tm.types("\x15/quit\r")
	if got := tm.ends(); got != 0 {
		t.Errorf("exit status %d", got)
	}
}

// The shell's prompt does not stand behind the ^C.
func TestTerminalInterrupted(t *testing.T) {
	t.Parallel()
	tm := onTerminal(t, nil, "tap", "127.0.0.1:0", "127.0.0.1:1")
	tm.sees("listening on")
	tm.types("\x03")
	if got := tm.ends(); got != 130 {
		t.Errorf("exit status %d", got)
	}
	if !strings.HasSuffix(tm.shown(), "^C\r\n") {
		t.Errorf("the terminal got %q", tm.shown())
	}
}

// A row of hex is not broken in two by what is known of its message.
func TestTerminalTapHex(t *testing.T) {
	t.Parallel()
	target, client := accepted(t)
	tm := onTerminal(t, nil, "tap", "-f", "line", "--view", "hex", "127.0.0.1:0", target)
	tm.sees("listening on tcp://")
	tm.sees("\r\n")
	_, address, _ := strings.Cut(tm.shown(), "listening on tcp://")
	address, _, _ = strings.Cut(address, "\r\n")
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte("hello\n"))
	client()
	tm.sees("\r\n00000000  68 65 6c 6c 6f")
}
