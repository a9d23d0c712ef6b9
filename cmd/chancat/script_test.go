package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds every wait of the tests.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	// A race ends the program under test with a status that no test wants. The
	// detector's pause before each exit would make the tests take minutes.
	os.Setenv("GORACE", "halt_on_error=1 exitcode=66 atexit_sleep_ms=0")
	testscript.Main(m, map[string]func(){"chancat": main})
}

// The scripts run chancat as a user does, one behaviour a file. Beside the
// commands of testscript they have:
//
//	status N PROGRAM ARGS...        runs to the end; the exit status must be N
//	start [-open|-stdin FILE] NAME [KEY=VALUE...] PROGRAM ARGS...
//	                                runs beside the script; its output goes to
//	                                NAME.out and NAME.err. With -open, type and eof
//	                                make its stdin
//	type NAME TEXT                  writes to its stdin
//	eof NAME                        ends its stdin
//	signal NAME INT|TERM|KILL       sends a signal
//	finish NAME N                   waits for its end; the exit status must be N
//	running NAME                    fails if it has ended
//	port FILE VAR                   waits for a --port-file and sets VAR from it
//	waitfor FILE REGEXP             waits until the file matches
//	gone FILE                       waits until the file does not exist
//	bytes FILE TEXT                 writes exactly these bytes
//	events SRC DST                  copies events without what differs each time
//	peer VAR STEP...                a peer over bare TCP; see peer_test.go
//	peerdone VAR                    waits until it has taken all its steps
//
// TEXT has Go's escapes.
func TestScript(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts need a Unix shell")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            scriptsEnd(t),
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/.state")
			env.Values[processesKey{}] = &processes{env: env.Vars, byName: map[string]*process{}}
			env.Values[peersKey{}] = map[string]*peer{}
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "start": start, "type": typeText, "eof": endInput,
			"signal": sendSignal, "finish": finish, "running": running,
			"port": port, "waitfor": waitFor, "gone": gone,
			"bytes": writeBytes, "events": normalEvents,
			"peer": startPeer, "peerdone": peerDone,
		},
	})
}

// scriptsEnd is when scripts that still run are ended, in time to tell which they
// are. How long all of them take depends on the machine.
func scriptsEnd(t *testing.T) time.Time {
	end, limited := t.Deadline()
	if !limited {
		return time.Time{}
	}
	return end.Add(-30 * time.Second)
}

// condition knows [file:PATH], which holds where such a file exists.
func condition(cond string) (bool, error) {
	if path, ok := strings.CutPrefix(cond, "file:"); ok {
		_, err := os.Stat(path)
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// arguments checks the number of args; most < 0 means any.
func arguments(ts *testscript.TestScript, neg bool, args []string, least, most int, usage string) {
	if neg || len(args) < least || most >= 0 && len(args) > most {
		ts.Fatalf("usage: %s", usage)
	}
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, -1, "status N PROGRAM ARGS...")
	checkStatus(ts, args[1], args[0], ts.Exec(args[1], args[2:]...))
}

func checkStatus(ts *testscript.TestScript, name, want string, err error) {
	got := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != want {
		ts.Fatalf("%s: exit status %d, want %s", name, got, want)
	}
}

// poll waits until done returns true. last says what was seen instead.
func poll(ts *testscript.TestScript, done func() bool, last func() string) {
	for deadline := time.Now().Add(patience); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s", last())
		}
	}
}

func port(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2, "port FILE VAR")
	var text []byte
	poll(ts, func() (ok bool) {
		text, _ = os.ReadFile(ts.MkAbs(args[0]))
		return len(text) > 0
	}, func() string { return "nobody wrote " + args[0] })
	ts.Setenv(args[1], strings.TrimSpace(string(text)))
}

func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2, "waitfor FILE REGEXP")
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	var text []byte
	poll(ts, func() bool {
		text, _ = os.ReadFile(ts.MkAbs(args[0]))
		return pattern.Match(text)
	}, func() string { return fmt.Sprintf("%s: no match for %q in %q", args[0], args[1], text) })
}

func gone(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1, "gone FILE")
	poll(ts, func() bool {
		_, err := os.Lstat(ts.MkAbs(args[0]))
		return os.IsNotExist(err)
	}, func() string { return args[0] + " is still there" })
}

func unquote(ts *testscript.TestScript, text string) []byte {
	s, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	if err != nil {
		ts.Fatalf("%q: %v", text, err)
	}
	return []byte(s)
}

func writeBytes(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2, "bytes FILE TEXT")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), unquote(ts, args[1]), 0o666))
}

var unstable = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"`), `"time":"TIME"`},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), `127.0.0.1:PORT`},
	{regexp.MustCompile(`"program":"[^"]*"`), `"program":"PROGRAM"`},
}

func normalEvents(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2, "events SRC DST")
	text := []byte(ts.ReadFile(args[0]))
	for _, u := range unstable {
		text = u.pattern.ReplaceAll(text, []byte(u.with))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o666))
}
