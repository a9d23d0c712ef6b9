//go:build unix && !aix && !solaris

package repl

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestHammer does everything at once that people, peers and terminals do, in
// rounds, and closes the editor in the middle of it. The race detector and the
// check for leaked goroutines are the judges; and each line that is entered must
// come back whole.
func TestHammer(t *testing.T) {
	for round := range 5 {
		t.Run(fmt.Sprint(round), func(t *testing.T) { hammer(t, rand.New(rand.NewPCG(uint64(round), 1))) })
	}
}

func hammer(t *testing.T, random *rand.Rand) {
	r := newRig(t, 80, 24, map[string]string{"HISTORY": historyIn(t)})
	r.editor.SetCompleter(completeTest)
	done := make(chan struct{})
	var others sync.WaitGroup
	for writer := range 3 {
		others.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
				switch n % 50 {
				case 7:
					r.editor.SetPrompt(fmt.Sprintf("\x1b[32m%d\x1b[m> ", n))
				case 8:
					r.editor.Say([]byte("an answer\n"))
				default:
					fmt.Fprintf(r.editor, "writer %d, message %d 漢字\n", writer, n)
				}
			}
		})
	}
	sizes := rand.New(rand.NewPCG(random.Uint64(), 2))
	others.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(3 * time.Millisecond):
				r.resize(1+sizes.IntN(100), 1+sizes.IntN(40))
			}
		}
	})

	keys := []string{
		"\t", "\t\t", "\t\t\t\x0b", "/he\t", "\x12", "\x12x", "\x13", "\x07", "\x0c", "\x14", "\x19", "\x15", "\x17", "\x0b",
		"\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[3~", "\x1b[1;5D", "\x1bd", "\x1b\x7f", "\x7f", "\x01", "\x05",
		"a", "漢", family, "word ", "\x1b[200~pasted\rtext\x1b[201~", strings.Repeat("long ", 40),
	}
	for i := range 100 {
		for range random.IntN(20) {
			r.send(keys[random.IntN(len(keys))])
		}
		r.send("\x07") // out of a search
		want := fmt.Sprintf("line %d 漢字 %s end", i, family)
		if i%3 == 0 {
			want = strings.Repeat(want+"\n", 500)
			r.send("\x15" + paste(want) + "\r")
		} else {
			r.send("\x15" + want + "\r")
		}
		r.wantLine(want)
	}
	r.send("half a line")
	switch random.IntN(3) {
	case 0:
		r.send("\x12")
	case 1:
		r.hangUp()
	}
	r.editor.Close()
	if line, err := r.line(); line != "" || err == nil {
		t.Errorf("after Close: %q, %v", line, err)
	}
	close(done)
	others.Wait()
}

// TestCloseAnyTime opens and closes, with a line begun and without.
func TestCloseAnyTime(t *testing.T) {
	for i := range 20 {
		r := newRig(t, 80, 24, nil)
		if i%2 == 0 {
			r.send("half")
		}
		if i%3 == 0 {
			r.waitText("> half"[:len("> half")*((i+1)%2)])
		}
		var closers sync.WaitGroup
		for range 3 {
			closers.Go(func() { r.editor.Close() })
		}
		closers.Wait()
	}
}

// TestExactUnderMessages types a long line of all kinds of characters while 100
// messages a second arrive.
func TestExactUnderMessages(t *testing.T) {
	r := newRig(t, 40, 12, nil)
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				fmt.Fprintf(r.editor, "message %d\n", n)
			}
		}
	})
	want := strings.Repeat("plain 漢字 "+family+" 👍🏽 e\u0301 🇩🇪 ", 10)
	for _, c := range want {
		r.send(string(c))
		time.Sleep(time.Millisecond)
	}
	r.send("\x1b[H^\x1b[F$\r")
	r.wantLine("^" + want + "$")
	close(done)
	writer.Wait()
}
