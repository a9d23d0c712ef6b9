package bgpy

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A said is one message of a recording; testdata/captures/README.md says how it is
// written.
type said struct {
	Dir         string
	Conn        int
	Type        string
	Args        Dict
	Undecodable string

	raw []byte // the frame
}

func (s said) String() string { return s.Dir + " " + s.Type + " " + plain(s.Args) }

// plain writes args as a recording does.
func plain(args Dict) string {
	text := string(appendJSON(nil, args))
	return strings.NewReplacer(`"<global `, `"`, `>"`, `"`).Replace(text)
}

func captures(t *testing.T) map[string][]said {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/captures/bgpy_*.json")
	if err != nil || len(paths) < 16 {
		t.Fatal(paths, err)
	}
	all := map[string][]said{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Chunks []struct {
				Dir  string
				Conn int
				Hex  string
			}
			Decoded []said
		}
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		streams := map[string][]byte{}
		for _, chunk := range c.Chunks {
			b, err := hex.DecodeString(chunk.Hex)
			if err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprint(chunk.Dir, chunk.Conn)
			streams[key] = append(streams[key], b...)
		}
		for i := range c.Decoded {
			m := &c.Decoded[i]
			key := fmt.Sprint(m.Dir, m.Conn)
			sp, need, err := framing.Bgpy.Scan(streams[key], &frame.State{})
			if err != nil || need > 0 {
				t.Fatal(path, need, err)
			}
			m.raw = streams[key][:sp.Len()]
			streams[key] = streams[key][sp.Len():]
		}
		for key, rest := range streams {
			if len(rest) > 0 {
				t.Fatal(path, key, len(rest))
			}
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = c.Decoded
	}
	return all
}

func TestCapturesDecode(t *testing.T) {
	for name, messages := range captures(t) {
		for _, want := range messages {
			m, err := ParseBody(want.raw[16:])
			if want.Undecodable != "" {
				if err == nil || !strings.Contains(err.Error(), `os.mkdir`) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if err != nil || m.Type.String() != want.Type || plain(m.Args) != plain(want.Args) {
				t.Errorf("%s: %v %s, %v; want %s", name, m.Type, plain(m.Args), err, want)
				continue
			}
			body, err := m.AppendBody(nil)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := ParseBody(body); err != nil || again.Type != m.Type || plain(again.Args) != plain(m.Args) {
				t.Errorf("%s: %v %s, %v; want %s", name, again.Type, plain(again.Args), err, want)
			}
		}
	}
}

// tasksOf returns the tasks of the recordings: they answer as is recorded.
func tasksOf(messages []said) map[string]Task {
	respond := func(kind MessageType) Task {
		var replies []Dict
		for i, m := range messages {
			if m.Type == kind.String() && i+2 < len(messages) && messages[i+2].Dir == "s2c" {
				replies = append(replies, messages[i+2].Args)
			} else if m.Type == kind.String() {
				replies = append(replies, nil)
			}
		}
		return func(context.Context, Dict) (Dict, error) {
			reply := replies[0]
			replies = replies[1:]
			return reply, nil
		}
	}
	tasks := map[string]Task{}
	for _, module := range []string{"bgpy.example.tasks", "bg_tasks_demo"} {
		tasks[module+".init_task"] = func(context.Context, Dict) (Dict, error) { return nil, nil }
		tasks[module+".exec_task"] = respond(Exec)
		tasks[module+".exit_task"] = respond(Exit)
	}
	return tasks
}

// What the real server does that ours does otherwise.
var otherwise = map[string]string{
	"bgpy_exec_noawait_task_responds": "c2s EXEC", // a response that nobody awaits is not sent
	"bgpy_coalesced_hang":             "c2s EXIT", // read, and obeyed
	"bgpy_unauthenticated_exec":       "s2c OK",   // ERROR follows, so that nobody waits for ever
}

// Our server answers the client of every recording as the real one did.
func TestCapturesAgainstServer(t *testing.T) {
	for name, messages := range captures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Server{Token: "s3cret", Pace: time.Millisecond, Tasks: tasksOf(messages)}
			if name == "bgpy_exec_await" || name == "bgpy_notoken_init_demo" {
				s.Token = ""
			}
			address, _ := serve(t, s)
			if messages[0].Type == "AUTH" && !slices.ContainsFunc(messages, func(m said) bool { return m.Type == "INIT" }) &&
				name != "bgpy_exec_before_init" { // it was initialized before
				c := &Client{Addr: address, Token: "s3cret", Pace: time.Millisecond}
				task := func(name string) Func { return Func{"bgpy.example.tasks", name + "_task"} }
				if _, err := c.Initialize(t.Context(), task("init"), task("exec"), task("exit")); err != nil {
					t.Fatal(err)
				}
			}
			conns := map[int]*conn{}
			for _, m := range messages {
				c := conns[m.Conn]
				if c == nil {
					c = open(t, address)
					conns[m.Conn] = c
				}
				if m.Dir == "c2s" {
					if _, err := c.Write(m.raw); err != nil {
						t.Fatalf("%s: %v", m, err)
					}
				} else if got, err := c.receive(patience); err != nil || got.Type.String() != m.Type || plain(got.Args) != plain(m.Args) {
					t.Fatalf("%v %s, %v; want %s", got.Type, plain(got.Args), err, m)
				}
				if mark := otherwise[name]; mark != "" && strings.HasPrefix(m.String(), mark) {
					break
				}
			}
			c := conns[0]
			switch name {
			case "bgpy_exec_noawait_task_responds", "bgpy_coalesced_hang":
				if m, err := c.receive(patience); err != nil || !m.isConfirmation() {
					t.Errorf("%v, %v", m, err)
				}
			case "bgpy_unauthenticated_exec":
				if m, err := c.receive(patience); err != nil || m.Type != Error {
					t.Errorf("%v, %v", m, err)
				}
			case "bgpy_split_header_digits": // which the real server waits at for ever
				if m, err := c.receive(patience); err != nil || !m.isConfirmation() {
					t.Errorf("%v, %v", m, err)
				}
				c.receive(patience)
			case "bgpy_pickle_code_execution":
				if _, err := c.receive(patience); err != io.EOF {
					t.Error(err)
				}
			}
			for _, c := range conns {
				c.finish(patience)
			}
		})
	}
}

// Our client, given the answers of a recording, says what the real one said.
func TestCapturesAgainstClient(t *testing.T) {
	for name, messages := range captures(t) {
		for n := range 3 {
			one := slices.DeleteFunc(slices.Clone(messages), func(m said) bool { return m.Conn != n })
			if len(one) < 4 || name == "bgpy_coalesced_hang" {
				continue
			}
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				t.Parallel()
				replayServer(t, one)
			})
		}
	}
}

func replayServer(t *testing.T, messages []said) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() { done <- play(l, messages) }()
	token, _ := messages[0].Args.Get(keyToken).(string)
	c := &Client{Addr: l.Addr().String(), Token: token, Pace: time.Millisecond, Timeout: patience}
	last := messages[len(messages)-1]
	if last.Dir == "c2s" {
		last = messages[len(messages)-2]
	}
	var got Dict
	var callErr error
	if len(messages) == 4 { // the token was wrong
		_, callErr = c.Execute(t.Context(), nil, false)
		if !errors.Is(callErr, ErrToken) {
			t.Error(callErr)
		}
	} else {
		m := messages[4]
		await := m.Args.Get(keyAwait) == true
		args := slices.DeleteFunc(slices.Clone(m.Args), func(i Item) bool { return i.Key == keyAwait })
		switch m.Type {
		case "INIT":
			var f [3]Func
			for i, key := range []string{keyInit, keyExec, keyExit} {
				name := strings.Trim(m.Args.Get(key).(string)[len("<global "):], ">")
				dot := strings.LastIndexByte(name, '.')
				f[i] = Func{name[:dot], name[dot+1:]}
			}
			got, callErr = c.Initialize(t.Context(), f[0], f[1], f[2])
		case "EXEC":
			got, callErr = c.Execute(t.Context(), args, await)
		case "EXIT":
			got, callErr = c.Terminate(t.Context(), args, await)
		}
		if !await {
			last = messages[5]
		}
		if callErr != nil || plain(got) != plain(last.Args) {
			t.Errorf("%s, %v; want %s", plain(got), callErr, last)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// play is the server of a recording. It fails if the client says something else,
// or resets the connection.
func play(l net.Listener, messages []said) error {
	nc, err := l.Accept()
	if err != nil {
		return err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	rd := frame.NewReader(nc, framing.Bgpy, 1<<20)
	for _, m := range messages {
		if m.Dir == "s2c" {
			if _, err := nc.Write(m.raw); err != nil {
				return err
			}
			continue
		}
		body, err := rd.NextMessage()
		if err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
		if got, err := ParseBody(body); err != nil || got.Type.String() != m.Type || plain(got.Args) != plain(m.Args) {
			return fmt.Errorf("got %v %s, %v; want %s", got.Type, plain(got.Args), err, m)
		}
	}
	if _, err := rd.Next(); err != io.EOF {
		return fmt.Errorf("behind the last message: %w", err)
	}
	return nil
}
