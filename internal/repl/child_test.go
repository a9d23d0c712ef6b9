//go:build unix && !aix && !solaris

package repl

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
)

// The test binary itself is the program that is run in a terminal of its own, with
// this variable saying how many messages arrive in a second; or that the prompt is
// to show the width of the terminal.
const childEnv = "CHANCAT_TEST_CHILD"

// child shows what it reads, and does what some lines say.
func child(messages string) int {
	if messages == "session" {
		return sessionChild()
	}
	e := NewEditor(Config{
		In: os.Stdin, Out: os.Stdout, Prompt: "demo> ",
		History: HistoryPath(os.Getenv), Getenv: os.Getenv,
	})
	defer e.Close()
	e.SetCompleter(completeTest)

	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-ended
		e.Close()
	}()
	if rate, _ := strconv.Atoi(messages); rate > 0 {
		go func() {
			for n := range time.Tick(time.Second / time.Duration(rate)) {
				fmt.Fprintf(e, "message at %s\n", n.Format("15:04:05.000"))
			}
		}()
	}
	if messages == "width" {
		resized := make(chan os.Signal, 1)
		signal.Notify(resized, syscall.SIGWINCH)
		go func() {
			for range resized {
				width, _, _ := term.GetSize(1)
				e.SetPrompt(fmt.Sprintf("demo> %d ", width))
			}
		}()
	}
	for {
		line, err := e.ReadLine()
		if err == nil {
			e.Remember(line)
		}
		switch {
		case line == "quit" || err == io.EOF && e.(*lineEditor).isClosed():
			return 0
		case err == io.EOF:
			e.Say([]byte("end\n"))
		case err != nil:
			e.Say(fmt.Appendf(nil, "dropped %+q\n", line))
		case line == "panic":
			panic("as asked")
		default:
			e.Say(fmt.Appendf(nil, "got %d %+q\n", len(line), line))
		}
	}
}

// sessionChild is a session whose first connection panics when it is read.
func sessionChild() int {
	e := NewEditor(Config{In: os.Stdin, Out: os.Stdout, Prompt: "> ", Getenv: os.Getenv})
	s, err := New(context.Background(), Options{
		Editor: e, Framing: framing.Framing{Spelling: "msg", S2C: framing.Direction{Codec: framing.MSG}, C2S: framing.Direction{Codec: framing.MSG}},
		Getenv: os.Getenv,
		Dial: func(context.Context, string, int) (*endpoint.Conn, error) {
			return &endpoint.Conn{Stream: panicking{}}, nil
		},
	})
	if err != nil {
		return 1
	}
	s.Run()
	return 0
}

// panicking is a stream whose Read panics.
type panicking struct{ io.WriteCloser }

func (panicking) Read([]byte) (int, error) { panic("as asked") }

// completeTest completes words after a slash.
func completeTest(line string, at int) ([]Candidate, int) {
	if line == "panic" {
		panic("as asked")
	}
	var found []Candidate
	for _, c := range []Candidate{{"/connect", "dials"}, {"/close", ""}, {"/help", ""}, {"/hexdump", "shows bytes"}} {
		if len(c.Text) >= at && c.Text[:at] == line[:at] {
			found = append(found, c)
		}
	}
	return found, 0
}
