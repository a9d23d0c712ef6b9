//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

// A pane is chancat in tmux, which knows how wide characters are.
type pane struct {
	t      *testing.T
	socket string
}

func newPane(t *testing.T, columns, rows int, args ...string) *pane {
	t.Helper()
	peertest.Need(t, "tmux")
	program, err := exec.LookPath("chancat")
	if err != nil {
		t.Fatal(err)
	}
	p := &pane{t, filepath.Join(t.TempDir(), "tmux")}
	t.Cleanup(func() { exec.Command("tmux", "-S", p.socket, "kill-server").Run() })
	p.tmux(append([]string{"-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows),
		"-e", "XDG_STATE_HOME=" + t.TempDir(), "-e", "LC_ALL=C.UTF-8", program}, args...)...)
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-u", "-S", p.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TMUX=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// shows waits until what stands behind the last prompt is line, and the cursor in
// that column, so many rows above the last.
func (p *pane) shows(prompt, line string, column, rowsUp int) {
	p.t.Helper()
	var text, at string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		out := p.tmux("capture-pane", "-p", ";", "display", "-p", "#{cursor_x} #{cursor_y}")
		lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
		at = lines[len(lines)-1]
		rows := strings.Split(strings.TrimRight(strings.Join(lines[:len(lines)-1], "\n"), "\n"), "\n")
		text = strings.Join(rows, "\n")
		i := strings.LastIndex(text, prompt)
		if i >= 0 && strings.ReplaceAll(text[i+len(prompt):], "\n", "") == line && at == fmt.Sprintf("%d %d", column, len(rows)-1-rowsUp) {
			return
		}
	}
	p.t.Fatalf("waited in vain for %q, the cursor in column %d and %d rows up; it is at %s of\n%s", line, column, rowsUp, at, text)
}

// A long line of wide characters is typed while 100 messages a second arrive: the line,
// its cursor and what is sent at last are exact.
func TestTerminalWide(t *testing.T) {
	t.Parallel()
	address, client := accepted(t)
	p := newPane(t, 60, 16, "connect", "-f", "line", address)
	c := client()
	prompt := address + " line> "
	p.shows(strings.TrimSpace(prompt), "", len(prompt), 0)
	done, ended, said := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		chatter(c, said, done)
	}()
	defer func() { close(done); <-ended }()

	const part = "plain漢字かな👍e\u0301"
	line, column, row := "", len(prompt), 0
	for range 12 {
		<-said
		p.tmux("send-keys", "-l", part)
		line += part
		column, row = after(part, column, row, 60)
		p.shows(prompt, line, column, 0)
	}
	p.tmux("send-keys", "Home")
	p.shows(prompt, line, len(prompt), row)
	p.tmux("send-keys", "-l", "漢")
	p.shows(prompt, "漢"+line, len(prompt)+2, row)
	p.tmux("send-keys", "End")
	p.tmux("send-keys", "-l", "$")
	p.tmux("send-keys", "Enter")
	wants(t, c, "漢"+line+"$\n")
}

// chatter says something 100 times a second, and tells whoever waits for it on said.
func chatter(c net.Conn, said chan<- struct{}, done <-chan struct{}) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		case <-ticker.C:
			if _, err := fmt.Fprintf(c, "message %d with 漢字\n", n); err != nil {
				return
			}
			select {
			case said <- struct{}{}:
			default:
			}
		}
	}
}

// after is where the cursor stands after text in a terminal of that width, where a
// wide character is not divided.
func after(text string, column, row, width int) (int, int) {
	for _, r := range text {
		cells := 1
		switch {
		case r == '\u0301':
			cells = 0
		case r > 0x2e80:
			cells = 2
		}
		if column+cells > width {
			column, row = 0, row+1
		}
		column += cells
	}
	if column == width {
		column, row = 0, row+1
	}
	return column, row
}
