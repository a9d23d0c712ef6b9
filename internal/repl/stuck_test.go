//go:build unix && !aix && !solaris

package repl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A pipe that nobody reads holds up nothing but the recording.
func TestRecordInPipeThatIsStuck(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	d, c, _ := connected(t, "line", nil)
	d.types("/record -f " + fifo)
	d.sees("recording in")
	for range 20 {
		c.says(strings.Repeat("x", 64<<10) + "\n")
	}
	c.says("last\n")
	d.sees("last")
	d.types("typed")
	c.wants("typed\n")
	d.types("/record off")
	d.sees("takes nothing more", "nothing is recorded")
}

// A dumb terminal that shows nothing, as after Ctrl-S, holds up nobody.
func TestPlainOnTerminalThatIsStuck(t *testing.T) {
	t.Parallel()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer tty.Close()
	e := NewPlain(strings.NewReader(""), tty)
	written := make(chan struct{})
	go func() {
		defer close(written)
		for range 3 * messagesMost {
			e.Write([]byte(strings.Repeat("x", 200)))
		}
		e.Say([]byte("said"))
	}()
	<-written
	seen := make(chan string)
	go func() {
		var text strings.Builder
		for buf := make([]byte, 32<<10); !strings.Contains(text.String(), "said"); {
			n, err := master.Read(buf)
			if err != nil {
				break
			}
			text.Write(buf[:n])
		}
		seen <- text.String()
	}()
	text := <-seen
	if !strings.Contains(text, "skipped") || strings.Contains(text, "\x1b") {
		t.Errorf("shown: %.300q", text)
	}
	e.Close()
}
