package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// processes are those that a script has started and not finished.
type processes struct {
	env    []string
	byName map[string]*process
}

type processesKey struct{}

// A process is a program that runs beside the script.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser // nil unless the script types
	ended chan struct{}
	err   error // of Wait; set before ended is closed
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	var (
		open  bool
		stdin string
	)
	switch {
	case len(args) > 0 && args[0] == "-open":
		open, args = true, args[1:]
	case len(args) > 1 && args[0] == "-stdin":
		stdin, args = args[1], args[2:]
	}
	arguments(ts, neg, args, 2, -1, "start [-open|-stdin FILE] NAME [KEY=VALUE...] PROGRAM ARGS...")
	all := ts.Value(processesKey{}).(*processes)
	name, words := args[0], args[1:]
	env := all.env[:len(all.env):len(all.env)]
	for strings.Contains(words[0], "=") {
		env, words = append(env, words[0]), words[1:]
	}
	p := &process{cmd: exec.Command(words[0], words[1:]...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = ts.MkAbs("."), env
	var files []*os.File
	file := func(f *os.File, err error) *os.File {
		ts.Check(err)
		files = append(files, f)
		return f
	}
	p.cmd.Stdout = file(os.Create(ts.MkAbs(name + ".out")))
	p.cmd.Stderr = file(os.Create(ts.MkAbs(name + ".err")))
	if stdin != "" {
		p.cmd.Stdin = file(os.Open(ts.MkAbs(stdin)))
	}
	if open {
		var err error
		p.stdin, err = p.cmd.StdinPipe()
		ts.Check(err)
	}
	ts.Check(p.cmd.Start())
	for _, f := range files {
		f.Close()
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	all.byName[name] = p
	ts.Defer(func() {
		p.cmd.Process.Kill() // does nothing once it has ended
		<-p.ended
	})
}

func processOf(ts *testscript.TestScript, name string) *process {
	p := ts.Value(processesKey{}).(*processes).byName[name]
	if p == nil {
		ts.Fatalf("%s was not started", name)
	}
	return p
}

func typeText(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2, "type NAME TEXT")
	_, err := processOf(ts, args[0]).stdin.Write(unquote(ts, args[1]))
	ts.Check(err)
}

func endInput(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1, "eof NAME")
	ts.Check(processOf(ts, args[0]).stdin.Close())
}

func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2, "signal NAME INT|TERM|KILL")
	s := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": os.Kill}[args[1]]
	ts.Check(processOf(ts, args[0]).cmd.Process.Signal(s))
}

func finish(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2, "finish NAME N")
	p := processOf(ts, args[0])
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.cmd.Process.Signal(syscall.SIGQUIT) // Go programs tell what they are doing
		<-p.ended
		ts.Logf("[%s.err]\n%s", args[0], ts.ReadFile(args[0]+".err"))
		ts.Fatalf("%s does not end", args[0])
	}
	ts.Logf("[%s.out]\n%s", args[0], ts.ReadFile(args[0]+".out"))
	ts.Logf("[%s.err]\n%s", args[0], ts.ReadFile(args[0]+".err"))
	checkStatus(ts, args[0], args[1], p.err)
}

func running(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1, "running NAME")
	select {
	case <-processOf(ts, args[0]).ended:
		ts.Fatalf("%s has ended", args[0])
	default:
	}
}
