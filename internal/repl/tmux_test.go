//go:build unix && !aix && !solaris

package repl

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

// A pane is a terminal that knows wide characters, with our program in it.
type pane struct {
	t      *testing.T
	socket string
}

func newPane(t *testing.T, columns, rows int, messages string) *pane {
	t.Helper()
	peertest.Need(t, "tmux")
	p := &pane{t, filepath.Join(t.TempDir(), "tmux")}
	t.Cleanup(func() { exec.Command("tmux", "-S", p.socket, "kill-server").Run() })
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows),
		"-e", childEnv+"="+messages, "-e", "XDG_STATE_HOME="+t.TempDir(), "-e", "LC_ALL=C.UTF-8",
		os.Args[0], ";", "set", "remain-on-exit", "on", ";", "set", "-g", "escape-time", "10")
	p.wait("the prompt", func(text string) bool { return strings.Contains(text, "demo>") })
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

// line types text as it is.
func (p *pane) line(text string) {
	p.t.Helper()
	p.tmux("send-keys", "-l", text)
}

func (p *pane) keys(names ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, names...)...)
}

func (p *pane) text() string {
	return strings.TrimRight(p.tmux("capture-pane", "-p"), "\n")
}

func (p *pane) wait(what string, is func(text string) bool) {
	p.t.Helper()
	var text string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if text = p.text(); is(text) {
			return
		}
	}
	p.t.Fatalf("waited in vain for %s; the screen is\n%s", what, text)
}

func (p *pane) waitEnd(text string) {
	p.t.Helper()
	p.wait("a screen that ends with\n"+text, func(now string) bool { return strings.HasSuffix("\n"+now, "\n"+text) })
}

// waitCursor waits for the cursor in a column of a row that is counted from the
// last one with text.
func (p *pane) waitCursor(column, rowsUp int) {
	p.t.Helper()
	p.wait(fmt.Sprintf("the cursor in column %d, %d rows up", column, rowsUp), func(text string) bool {
		var x, y int
		fmt.Sscan(p.tmux("display", "-p", "#{cursor_x} #{cursor_y}"), &x, &y)
		return x == column && y == strings.Count(text, "\n")-rowsUp
	})
}

func TestWideCharacters(t *testing.T) {
	p := newPane(t, 40, 10, "0")
	p.line("漢字かな " + family + " 👍🏽 🇩🇪 e\u0301 ")
	p.waitCursor(6+8+1+2+1+2+1+2+1+1+1, 0)
	for range 4 {
		p.keys("Left")
	}
	p.waitCursor(6+8+1+2+1+2+1, 0) // before the flag
	p.keys("Home")
	p.waitCursor(6, 0)
	p.keys("Right", "Right", "X")
	p.wait("an X", func(text string) bool { return strings.Contains(text, "demo> 漢字Xかな") })
	p.keys("End")
	p.line("漢字漢字漢字漢字漢字漢字漢字") // from column 27: six fit, a cell is left
	p.waitEnd("漢字漢字漢字漢字")
	p.waitCursor(16, 0)
	for range 9 {
		p.keys("Left")
	}
	p.waitCursor(37, 1)
	p.line("!") // fills the row
	p.waitEnd("漢字漢字漢字漢字")
	p.waitCursor(38, 1)
	p.keys("Enter")
	want := "漢字Xかな " + family + " 👍🏽 🇩🇪 e\u0301 漢字漢字漢!字漢字漢字漢字漢字"
	p.wait("the line", func(text string) bool {
		return strings.Contains(strings.ReplaceAll(text, "\n", ""), fmt.Sprintf("got %d %+q", len(want), want))
	})
}

// TestWideUnderMessages: 100 messages a second while a wrapped line of wide
// characters is typed; the line on the screen, the cursor and what is entered are
// exact.
func TestWideUnderMessages(t *testing.T) {
	p := newPane(t, 40, 12, "100")
	var typed strings.Builder
	for range 8 {
		piece := "abc 漢字かな👍 "
		p.line(piece)
		typed.WriteString(piece)
	}
	p.keys("Left", "Left", "Left") // before かな's な: "な👍 "
	want := []string{              // rows of 40 cells: the first has the prompt, 6 cells
		"demo> abc 漢字かな👍 abc 漢字かな👍 abc",
		"漢字かな👍 abc 漢字かな👍 abc 漢字かな👍",
		" abc 漢字かな👍 abc 漢字かな👍 abc 漢字",
		"かな👍",
	}
	p.wait("the line below a message", func(text string) bool {
		return strings.HasSuffix(text, "\n"+strings.Join(want, "\n")) && strings.Contains(text, "message at")
	})
	p.waitCursor(2, 0)
	p.keys("Enter")
	p.wait("what was entered", func(text string) bool {
		return strings.Contains(strings.ReplaceAll(text, "\n", ""), fmt.Sprintf("got %d %+q", typed.Len(), typed.String())[:60])
	})
}

func TestBracketedPaste(t *testing.T) {
	p := newPane(t, 40, 10, "0")
	p.line("before ")
	p.tmux("set-buffer", "one\ntwo\t漢字\n", ";", "paste-buffer", "-p")
	p.waitEnd("demo> before one↵\ntwo⇥漢字↵") // and the cursor in the row below
	p.line("after")
	p.waitEnd("two⇥漢字↵\nafter")
	p.keys("Enter")
	p.wait("the line", func(text string) bool {
		return strings.Contains(text, `"before one\ntwo\t`) && strings.HasSuffix(text, "demo>")
	})
}

// TestReflow: a terminal that breaks rows in two when it becomes narrower leaves
// nothing of the old line behind.
func TestReflow(t *testing.T) {
	p := newPane(t, 80, 20, "width")
	for range 10 {
		p.keys("Enter", "Enter") // tmux pushes rows out of a screen that is not full
	}
	p.line("hello")
	p.keys("Enter")
	p.waitEnd("got 5 \"hello\"\ndemo>")
	line := "the quick brown fox 漢字かな jumps over the lazy dog, 漢字漢字漢字漢字漢字漢字漢字漢字 and again"
	p.line(line)
	for _, width := range []int{60, 59, 41, 40, 33, 20, 30, 90, 27, 21, 80} {
		p.tmux("resize-window", "-x", fmt.Sprint(width))
		var all string
		want := flat(fmt.Sprintf("demo> hello got 5 \"hello\" demo> %d %s", width, line))
		for deadline := time.Now().Add(patience); !strings.HasSuffix(flat(all), want); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("in %d cells:\n%s", width, all)
			}
			all = p.tmux("capture-pane", "-p", "-S", "-") // rows above may have left the screen
		}
	}
	p.keys("Enter")
	p.wait("the line", func(text string) bool { return strings.Contains(text, fmt.Sprintf("got %d", len(line))) })
}

// flat is text without white space.
func flat(text string) string { return strings.Join(strings.Fields(text), "") }

// TestSuspend: Ctrl-Z stops the job with the terminal as the shell wants it, and
// the line is there again when the job goes on.
func TestSuspend(t *testing.T) {
	peertest.Need(t, "bash")
	p := newPane(t, 60, 15, "0")
	p.tmux("respawn-pane", "-k", "-e", childEnv+"=0", "-e", "XDG_STATE_HOME="+t.TempDir(), "bash --norc --noprofile -i")
	p.wait("a shell", func(text string) bool { return strings.HasPrefix(text, "bash") })
	p.line("PS1='shell$ '; stty -a | cksum; " + os.Args[0])
	p.keys("Enter")
	p.waitEnd("demo>")
	p.line("half a line")
	p.keys("C-z")
	p.wait("the shell", func(text string) bool { return strings.Contains(text, "Stopped") && strings.HasSuffix(text, "shell$") })
	p.line("stty -a | cksum; fg")
	p.keys("Enter")
	p.waitEnd("demo> half a line")
	sums := map[string]bool{}
	for _, row := range strings.Split(p.text(), "\n") {
		if regexp.MustCompile(`^\d+ \d+$`).MatchString(row) {
			sums[row] = true
		}
	}
	if len(sums) != 1 {
		t.Errorf("the mode of the terminal has changed: %v\n%s", sums, p.text())
	}
	p.line("!")
	p.keys("Enter")
	p.wait("the line", func(text string) bool { return strings.Contains(text, `got 12 "half a line!"`) })
}
