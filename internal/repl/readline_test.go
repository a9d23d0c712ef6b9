//go:build unix && !aix && !solaris

package repl

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestEditing(t *testing.T) {
	const left, home, end, del, backspace = "\x1b[D", "\x1b[1~", "\x1b[4~", "\x1b[3~", "\x7f"
	for _, c := range []struct{ keys, want string }{
		{"hello", "hello"},
		{"helo" + left + "l", "hello"},
		{"ello" + home + "h" + end + "!", "hello!"},
		{"hhello" + home + del, "hello"},
		{del + "hello" + backspace + "o", "hello"},
		{"one two\x17three", "one three"},
		{"one two\x17\x19\x19", "one twotwo"},
		{"one two three\x1bb\x1bb\x1bd2\x19", "one 2two three"},
		{"foo bar" + "\x1b[1;5D" + left + "\x17X", "X bar"}, // keeps what is behind the cursor
		{"你好 世界\x17x", "你好 x"},
		{"rubbish" + left + "\x15ok\x19", "okrubbish"},
		{"abc" + left + "\x0bx\x19", "abxc"},
		{"a\x14b", "ab"}, // readline alone panics
		{"ab\x14", "ba"},
		{"a" + family + "b" + left + left + "X", "aX" + family + "b"},
		{"a" + family + backspace + "b", "ab"},
		{"👍🏽x" + home + del, "x"},
		{"a\x1b\rb", "a\nb"},
		{"x\x00\x1b[5~\x0fy", "xy"},
	} {
		t.Run(fmt.Sprintf("%q", c.keys), func(t *testing.T) {
			r := newRig(t, 80, 24, nil)
			r.send(c.keys + "\r")
			r.wantLine(c.want)
		})
	}
}

func TestTypedAhead(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	var keys strings.Builder
	for i := range 100 {
		fmt.Fprintf(&keys, "line %d\r", i)
	}
	r.send(keys.String())
	for i := range 100 {
		r.wantLine(fmt.Sprintf("line %d", i))
	}
}

func TestInterruptAndEnd(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	r.send("half")
	r.waitText("> half") // before that ^C is a signal
	r.send("\x03")
	if line, err := r.line(); line != "half" || err != ErrInterrupt {
		t.Errorf("Ctrl-C: %q, %v", line, err)
	}
	r.waitText("> half^C\n>")
	r.send("\x03")
	if line, err := r.line(); line != "" || err != ErrInterrupt {
		t.Errorf("Ctrl-C on an empty line: %q, %v", line, err)
	}
	r.waitText("> ^C\n>")
	r.send("\x04")
	if line, err := r.line(); line != "" || err != io.EOF {
		t.Errorf("Ctrl-D: %q, %v", line, err)
	}
	r.send("xy\x01\x04z\r") // with a line it deletes
	r.wantLine("zy")
	r.waitText("> half^C\n> ^C\n> zy\n>")
}

func TestHalfTypedLineIsDropped(t *testing.T) {
	for name, end := range map[string]func(*rig){
		"Close":    func(r *rig) { r.editor.Close() },
		"hang-up":  func(r *rig) { r.hangUp() },
		"a search": func(r *rig) { r.send("\x12one"); r.waitText("search: one | one every"); r.editor.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 80, 24, nil)
			r.send("one every\r")
			r.wantLine("one every")
			r.send("delete everyth")
			r.waitText("> delete everyth")
			end(r)
			if line, err := r.line(); line != "" || err != io.EOF {
				t.Errorf("%q, %v; want the end", line, err)
			}
			if n := strings.Count(r.text(), "delete everyth"); n > 1 {
				t.Errorf("it is shown %d times:\n%s", n, r.text())
			}
		})
	}
}

func TestMessagesBesideTheLine(t *testing.T) {
	for _, width := range []int{6, 10, 40, 80} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			r := newRig(t, width, 24, nil)
			line := "the quick brown fox jumps over the lazy dog"
			r.send(line)
			for range 9 {
				r.send("\x1b[D")
			}
			want := "> " + line
			var rows []string
			for len(want) > width {
				rows, want = append(rows, want[:width]), want[width:]
			}
			rows = append(rows, want)
			text := strings.Join(rows, "\n")
			r.waitText(trimRows(text))
			for i := range 10 {
				fmt.Fprintf(r.editor, "m%d\n", i)
				r.waitText(fmt.Sprintf("m%d\n", i) + trimRows(text))
				at := len("> ") + len(line) - 9
				last := strings.Count(r.text(), "\n")
				r.waitCursor(last-len(rows)+1+at/width, at%width)
			}
			r.send("!\r")
			r.wantLine("the quick brown fox jumps over the! lazy dog")
		})
	}
}

func trimRows(text string) string {
	rows := strings.Split(text, "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n")
}

func TestNoSize(t *testing.T) {
	r := newRig(t, 0, 0, nil)
	r.send(strings.Repeat("x", 100) + "\x1b[D\x1b[D")
	r.waitText("> " + strings.Repeat("x", 78) + "\n" + strings.Repeat("x", 22))
	r.send("\r")
	r.wantLine(strings.Repeat("x", 100))
}

func TestResizeStorm(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	line := "abcdefghijklmnopqrstuvwxyz0123456789"
	r.send(line)
	for i := range 200 {
		r.resize(1+(i*37)%90, 1+(i*13)%40)
		if i%10 == 0 {
			fmt.Fprintf(r.editor, "message %d\n", i)
		}
	}
	r.resize(80, 24)
	r.send("!")
	r.waitText("> " + line + "!")
	r.send("\r")
	r.wantLine(line + "!")
}

func TestSetPrompt(t *testing.T) {
	r := newRig(t, 40, 10, nil)
	r.send("typed")
	r.waitText("> typed")
	r.editor.SetPrompt("\x1b[31mlocal\x1b[0m:5000 \x1b]0;evil\a> ")
	r.waitText(`local:5000 \x1b]0;evil\x07> typed`)
	if r.screen.Title() == "evil" {
		t.Error("the prompt set the title")
	}
}

func TestCompletion(t *testing.T) {
	r := newRig(t, 40, 10, nil)
	r.send("/he\t")
	r.waitText("> /he")
	r.editor.SetCompleter(completeTest)
	r.send("\x15/con\t")
	r.waitText("> /connect")
	r.send("\x15/he\t")
	r.waitText("/help\n/hexdump  shows bytes\n> /he")
	r.send("\t\t\x0b\x1b[B") // readline alone panics
	r.send("x\t")
	r.waitText("> /hexdump")
	r.resize(6, 10)
	r.send("\x15/\t\t")
	r.waitText("/help\n/hexd\n> /")
	r.send("\r")
	r.wantLine("/")
}

func TestHistoryAndSearch(t *testing.T) {
	const up, down = "\x1b[A", "\x1b[B"
	path := historyIn(t)
	r := newRig(t, 80, 24, map[string]string{"HISTORY": path})
	r.send("\x12\x07" + up + down + "\r") // with nothing in it readline alone panics
	r.wantLine("")
	for _, line := range []string{"first one", " private", "second", "second", "first two"} {
		r.send(line + "\r")
		r.wantLine(line)
	}
	r.send(paste("many\nlines") + "\r")
	r.wantLine("many\nlines")
	r.send(up + up + up + up + up + up + down + "\r")
	r.wantLine("second")
	r.send("\x12fir")
	r.waitText("search: fir | first two")
	r.send("\x12")
	r.waitText("search: fir | first one")
	r.send("x")
	r.waitText("not found: firx | first one")
	r.send("\x7f\x05!\r") // taken over and changed
	r.wantLine("first one!")
	r.send("draft\x12sec")
	r.waitText("search: sec | second")
	r.send("\x03") // Ctrl-C ends the search only
	r.waitText("> draft")
	r.send("\x12first o\x12\r") // what was changed has not become the old entry
	r.wantLine("first one")
	r.editor.Close()

	again := newRig(t, 80, 24, map[string]string{"HISTORY": path})
	again.send(up + up + up + up + "\r")
	again.wantLine("many\nlines")
}

func TestFlood(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { stopped <- n }()
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-tick.C:
				for range 10 {
					n++
					fmt.Fprintf(r.editor, "message %d with the usual length of one\n", n)
				}
			case <-stop:
				tick.Stop()
				return
			}
		}
	}()
	typed := ""
	var worst, total time.Duration
	const keys = 100
	for i := range keys {
		key := string(rune('a' + i%26))
		start := time.Now()
		r.send(key)
		typed += key
		row := ("> " + typed)[(2+i)/80*80:]
		r.waitText(row)
		worst, total = max(worst, time.Since(start)), total+time.Since(start)
	}
	close(stop)
	t.Logf("%d messages; echo after %v on average, %v at worst", <-stopped, total/keys, worst)
	r.send("\r")
	r.wantLine(typed)
}

// TestStalledTerminal: who writes never waits, and what is not shown is counted.
func TestStalledTerminal(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	r.waitText(">")
	r.screen.Lock() // the terminal reads no more
	const n = 100_000
	for i := range n {
		fmt.Fprintf(r.editor, "message %d\n", i)
	}
	r.editor.Say([]byte("an answer\n"))
	r.screen.Unlock()
	r.waitText(fmt.Sprintf("message %d\nan answer\n>", n-1))
	r.mu.Lock()
	out := r.raw.String()
	r.mu.Unlock()
	_, rest, found := strings.Cut(out, "... ")
	var skipped int
	if _, err := fmt.Sscanf(rest, "%d messages skipped", &skipped); !found || err != nil {
		t.Fatalf("nothing is said of skipped messages: %v", err)
	}
	shown := 0 // at the start of a line, which may have been erased
	for _, before := range []string{"\n", "J", "K"} {
		shown += strings.Count(out, before+"message ")
	}
	if more := strings.Count(out, "skipped"); more == 1 && skipped+shown != n {
		t.Errorf("%d skipped and %d shown, want %d in all", skipped, shown, n)
	}
	t.Logf("%d of %d skipped", skipped, n)
}

func TestLargePaste(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	text := strings.Repeat("0123456789abcdé\n", 1<<16)
	start := time.Now()
	r.send(paste(text))
	r.wait("the end of the paste", func(now string) bool {
		return strings.HasPrefix(now, "... 655") && strings.HasSuffix(now, "é$") // and an empty row
	})
	inserted := time.Since(start)
	start = time.Now()
	r.send("!")
	r.waitText("!")
	typed := time.Since(start)
	start = time.Now()
	r.send("\r")
	r.wantLine(text + "!")
	t.Logf("%d bytes pasted in %v, a key behind them in %v, entered in %v", len(text), inserted, typed, time.Since(start))
}

func TestUnbracketedPaste(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	text := strings.Repeat("0123456789abcdef", 1<<12)
	start := time.Now()
	r.send(text + "\r")
	r.wantLine(text)
	t.Logf("%d bytes in %v", len(text), time.Since(start))
}

func TestModeIsRestored(t *testing.T) {
	r := newRig(t, 80, 24, nil)
	mode := func() unix.Termios {
		m, err := unix.IoctlGetTermios(r.editor.terminal.in, getTermios)
		if err != nil {
			t.Fatal(err)
		}
		return *m
	}
	r.waitText(">")
	rawMode := mode()
	r.editor.Close()
	if mode() != r.editor.terminal.original || mode() == rawMode {
		t.Error("Close has not restored the mode")
	}
	r.wait("the end of bracketed paste", func(string) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		out := r.raw.String()
		return strings.LastIndex(out, "\x1b[?2004l") > strings.LastIndex(out, "\x1b[?2004h")
	})
}

func TestLend(t *testing.T) {
	r := newRigWith(t, func(e Editor) {
		e.Write([]byte("before\n"))
		err := e.Lend(func() error {
			e.Write([]byte("meanwhile\n"))
			return errors.New("no editor")
		})
		e.Say(fmt.Append(nil, err, "\n"))
	})
	r.waitText("before\nmeanwhile\nno editor\n>")
}
