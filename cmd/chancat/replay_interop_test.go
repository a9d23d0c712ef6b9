package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/peertest"
)

// chancat runs the program and returns its output and exit status.
func chancat(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	out, err := exec.Command("chancat", args...).CombinedOutput()
	if failed, ok := err.(*exec.ExitError); ok {
		return string(out), failed.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

// What redis-cli said through a tap is said to another Redis, whose state differs in
// one place; and redis-cli talks to the recording.
func TestInteropReplayRedis(t *testing.T) {
	t.Parallel()
	cli := peertest.Need(t, "redis-server", "redis-cli")[1]
	redis := func() string {
		return peertest.Serve(t, "redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "DIR")
	}
	first, second := redis(), redis()
	dir := t.TempDir()
	recording := filepath.Join(dir, "redis.session")
	ask := func(address string) string {
		t.Helper()
		_, port, _ := strings.Cut(address, ":")
		cmd := exec.Command(cli, "-p", port)
		cmd.Stdin = strings.NewReader("SET who world\nGET who\nINCR n\nLRANGE who 0 -1\nEXISTS nothing\n")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	tapped := beside(t, "tap", "-f", "resp", "--record", recording, "127.0.0.1:0", first)
	said := ask(tapped.address)
	tapped.stop(t)

	// The client asks for the list of commands first, whose order differs each time.
	whole := recording
	recording = filepath.Join(dir, "part.session")
	if out, status := chancat(t, "session", "slice", "--from", "3", whole, "-o", recording); status != 0 {
		t.Fatal(out)
	}
	if out, status := chancat(t, "replay", recording, second); status != 0 {
		t.Errorf("a fresh server: exit status %d\n%s", status, out)
	}
	out, status := chancat(t, "replay", recording, second)
	if status != 1 || !strings.Contains(out, `- :1\r\n`) || !strings.Contains(out, `+ :2\r\n`) || !strings.Contains(out, "1 of ") {
		t.Errorf("a server that has counted: exit status %d\n%s", status, out)
	}
	if out, status := chancat(t, "replay", recording, first, "--against", second); status != 1 || !strings.Contains(out, "the first server") {
		t.Errorf("the two beside each other: exit status %d\n%s", status, out)
	}
	server := beside(t, "serve", whole, "127.0.0.1:0")
	if again := ask(server.address); again != said {
		t.Errorf("the recording said\n%s\nredis said\n%s", again, said)
	}
	server.stop(t)
}

// A listening is a chancat that runs beside the test and listens.
type listening struct {
	cmd     *exec.Cmd
	address string
}

// beside starts chancat with args and waits until it listens.
func beside(t *testing.T, args ...string) *listening {
	t.Helper()
	cmd := exec.Command("chancat", args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			go func() {
				for lines.Scan() {
				}
			}()
			return &listening{cmd, strings.TrimPrefix(address, "tcp://")}
		}
	}
	t.Fatalf("chancat %s does not listen", strings.Join(args, " "))
	return nil
}

// stop ends it as a person does, so that its recording is complete.
func (l *listening) stop(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	l.cmd.Wait() // with the status of the signal
}

// socat speaks with a listener, datagram by datagram.
func TestInteropUDP(t *testing.T) {
	t.Parallel()
	socat := peertest.Need(t, "socat")[0]
	l := beside(t, "listen", "--echo", "udp://127.0.0.1:0")
	ask := exec.Command(socat, "-t0.5", "-", "UDP:"+strings.TrimPrefix(l.address, "udp://"))
	ask.Stdin = strings.NewReader("hello")
	if out, err := ask.CombinedOutput(); err != nil || string(out) != "hello" {
		t.Errorf("socat got %q, %v", out, err)
	}
}
