package bgpy

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

const script = "../../testdata/peers/bgpy.py"

// python runs the stand-in, and ends it if it hangs.
func python(t *testing.T, env []string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "python3", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// interopPace is more than the default: where tests share a busy machine, a Python
// program may take that long to get its turn.
const interopPace = 600 * time.Millisecond

// Our client, and a server that hangs when two messages meet, dies of a reset, and
// pickles the enum as Python 3.11.2 does. On a busy machine messages meet that were
// sent apart: then it is tried again, slower.
func TestInteropServer(t *testing.T) {
	peertest.Need(t, "python3")
	t.Parallel()
	var err error
	for pace := interopPace; pace <= 4*interopPace; pace *= 2 {
		if err = lifeOfServer(t, pace); !errors.Is(err, ErrTimeout) {
			break
		}
		t.Logf("messages %v apart: %v", pace, err)
	}
	if err != nil {
		t.Error(err)
	}
}

// lifeOfServer has the stand-in's whole life, and returns what goes wrong in it.
func lifeOfServer(t *testing.T, pace time.Duration) error {
	cmd := python(t, []string{"BGPY_ENUM=getattr"}, "serve", "s3cret")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		return errors.New("it printed no port")
	}
	c := &Client{Addr: "127.0.0.1:" + lines.Text(), Token: "s3cret", Pace: pace, Timeout: patience}
	tasks := func(f string) Func { return Func{"bgpy.example.tasks", f} }
	ctx := t.Context()
	for _, step := range []struct {
		do   func() (Dict, error)
		want string
	}{
		{func() (Dict, error) {
			return c.Initialize(ctx, tasks("init_task"), tasks("exec_task"), tasks("exit_task"))
		}, `{"message":"Initialization successful.","await_response":false}`},
		{func() (Dict, error) { return c.Execute(ctx, Args("value_change", 10), false) }, `{"message":"Received 'EXEC'"}`},
		{func() (Dict, error) { return c.Execute(ctx, Args("respond", true), false) }, `{"message":"Received 'EXEC'"}`},
		{func() (Dict, error) { return c.Execute(ctx, Args("respond", true, "k", "ž"), true) },
			`{"value":1010,"echo":{"respond":true,"k":"ž","await_response":true},"await_response":false}`},
		{func() (Dict, error) { return c.Terminate(ctx, nil, true) },
			`{"request_count":3,"value":1010,"status":"Exited.","await_response":false}`},
	} {
		got, err := step.do()
		if err != nil {
			return err
		}
		if plain(got) != step.want {
			return fmt.Errorf("got %s; want %s", plain(got), step.want)
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	return nil
}

// The stand-in's client, which hangs too when two messages meet: see TestInteropServer.
func TestInteropClient(t *testing.T) {
	peertest.Need(t, "python3")
	t.Parallel()
	var err error
	for pace := interopPace; pace <= 4*interopPace; pace *= 2 {
		if err = lifeOfClient(t, pace); err == nil {
			return
		}
		t.Logf("messages %v apart: %v", pace, err)
	}
	t.Error(err)
}

func lifeOfClient(t *testing.T, pace time.Duration) error {
	tasks := counter()
	for _, f := range []Func{initFunc, execFunc, exitFunc} {
		tasks["bgpy.example."+f.String()] = tasks[f.String()]
	}
	address, ended := serve(t, &Server{Token: "s3cret", Pace: pace, Tasks: tasks})
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	out, err := python(t, []string{"BGPY_PROTOCOL=3"}, "call", port, "s3cret", "init", "init", "exec", `{"value_change":3}`, "await", `{"value_change":4}`,
		"await", `{"command":"fail"}`, "exit").Output()
	want := `OK {"message": "Initialization successful.", "await_response": false}
ERROR {"message": "Already initialized.", "await_response": false}
OK {"message": "Received 'EXEC'"}
OK {"value": 1007, "await_response": false}
ERROR {"message": "bang", "await_response": false}
OK {"value": 1007, "status": "Exited.", "await_response": false}
`
	if err != nil || string(out) != want {
		return fmt.Errorf("%s%w", out, cmp.Or(err, errors.New("another conversation")))
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		return errors.New("the server goes on after EXIT")
	}
}

func TestInteropWrongToken(t *testing.T) {
	peertest.Need(t, "python3")
	address, _ := serve(t, &Server{Token: "s3cret", Pace: interopPace})
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	out, err := python(t, nil, "call", port, "wrong", "exit").Output()
	if err != nil || string(out) != `ERROR {"message": "Invalid client authentication.", "await_response": false}`+"\n" {
		t.Errorf("%s%v", out, err)
	}
}

// Python reads what we write.
func TestInteropWritten(t *testing.T) {
	peertest.Need(t, "python3")
	text, err := Message{Exec, everyKind()}.AppendBody(nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := python(t, nil, "read", path).Output()
	want := `EXEC {'none': None, 'bool': True, 'int': -1, 'long': 1180591620717411303424, 'float': 1.5, 'str': 'žluťoučký kůň', ` +
		`'bytes': b'\x00\xff', 'list': [1, [2]], 'tuple': (1, (2, 3), ()), 'dict': {'a': {}, 1: 2}}` + "\n"
	if err != nil || string(out) != want {
		t.Errorf("%s%v; want %s", out, err, want)
	}
}

// We read what Python writes in every protocol that has what messages need: below
// 2 an object is made by a function of copyreg.
func TestInteropRead(t *testing.T) {
	peertest.Need(t, "python3")
	shared := []any{"shared"}
	want := Message{Exec, append(everyKind(), Item{"once", shared}, Item{"twice", shared})}
	for _, protocol := range []string{"3", "4", "5"} {
		for _, env := range []string{"BGPY_ENUM=", "BGPY_ENUM=getattr"} {
			out, err := python(t, []string{env}, "write", protocol).Output()
			if err != nil {
				t.Fatal(err)
			}
			if m, err := ParseBody(out); err != nil || !reflect.DeepEqual(m, want) {
				t.Errorf("protocol %s: %v, %v", protocol, m, err)
			}
		}
	}
	out, err := python(t, nil, "write", "2").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseBody(out); err == nil || !strings.Contains(err.Error(), "_codecs.encode") {
		t.Errorf("bytes in protocol 2: %v", err)
	}
}
