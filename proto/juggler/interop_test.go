package juggler

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

// nodeModules returns where .ci/run installs the JavaScript packages, or skips a
// test that needs them; it fails one where the programs that tests talk to are
// required.
func nodeModules(t *testing.T) string {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("CHANCAT_REQUIRE_PEERS") != "" {
		missing = t.Fatalf
	}
	peertest.Need(t, "node")
	dir, err := filepath.Abs("../../.ci/node.out/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"juggler06", "juggler07", "ws"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			missing("the JavaScript package %s is not installed; .ci/run does that", name)
		}
	}
	return dir
}

// A script is a running client.mjs.
type script struct {
	t     *testing.T
	in    io.WriteCloser
	lines *bufio.Scanner
}

// said is a line that it prints.
type said struct {
	Open, Close bool
	Change      json.RawMessage
	Notify      *struct {
		Name string
		Data json.RawMessage
	}
	N      *int
	Answer json.RawMessage
	Error  json.RawMessage
}

func node(t *testing.T, modules, url string, wire Wire, ping string, env ...string) *script {
	t.Helper()
	name := map[Wire]string{Wire06: "juggler06", Wire07: "juggler07"}[wire]
	args := []string{"testdata/peers/client.mjs", modules, name, url}
	if ping != "" {
		args = append(args, ping)
	}
	cmd := exec.Command("node", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		io.Copy(io.Discard, out)
		cmd.Wait()
		kill.Stop()
	})
	s := &script{t, in, bufio.NewScanner(out)}
	s.lines.Buffer(nil, 64<<20)
	return s
}

func (s *script) send(name, data string) {
	fmt.Fprintf(s.in, `{"send": %q, "data": %s}`+"\n", name, data)
}

func (s *script) next() said {
	s.t.Helper()
	if !s.lines.Scan() {
		s.t.Fatalf("the client ended: %v", s.lines.Err())
	}
	var what said
	if err := json.Unmarshal(s.lines.Bytes(), &what); err != nil {
		s.t.Fatalf("%v: %.200s", err, s.lines.Bytes())
	}
	return what
}

// answer returns the next answer, or error.
func (s *script) answer() (answer, fault string) {
	s.t.Helper()
	for {
		if what := s.next(); what.N != nil {
			return string(what.Answer), string(what.Error)
		}
	}
}

func bothWires(t *testing.T, test func(t *testing.T, wire Wire, modules string)) {
	modules := nodeModules(t)
	for _, wire := range []Wire{Wire06, Wire07} {
		t.Run(wire.String(), func(t *testing.T) { test(t, wire, modules) })
	}
}

func TestInteropRequests(t *testing.T) {
	bothWires(t, func(t *testing.T, wire Wire, modules string) {
		s := serve(t, &ServerOptions{Wire: wire, OnRequest: answers})
		js := node(t, modules, s.URL(), wire, "")
		if !js.next().Open {
			t.Fatal("it did not connect")
		}
		large := `"` + strings.Repeat("žx🐎", 60_000) + `"`
		for _, r := range []struct{ name, data, answer, fault string }{
			{"echo", `{"a":[1,2.5,null,true,"žluť 🐎"]}`, `{"a":[1,2.5,null,true,"žluť 🐎"]}`, ""},
			{"", `{"empty":"name"}`, `{"empty":"name"}`, ""},
			{"fail", `null`, "", `"no such thing: žluť"`},
			{"fail with data", `{"code":7}`, "", `{"code":7}`},
			{"nope", `1`, "", `"unknown request"`},
			{"echo", large, large, ""},
		} {
			js.send(r.name, r.data)
			answer, fault := js.answer()
			if wire == Wire07 && r.data == large {
				// The client cuts its characters in two where a segment ends; what it
				// sent then was another text, of the same length.
				answer, r.answer = fmt.Sprint(len([]rune(answer)) >= len([]rune(r.answer))), "true"
			}
			if answer != r.answer || fault != r.fault {
				t.Errorf("%s: %.80s, error %.80s; want %.80s, %.80s", r.name, answer, fault, r.answer, r.fault)
			}
		}
		js.send("notify", `{"v":1}`)
		if got := js.next(); got.Notify == nil || got.Notify.Name != "note" || string(got.Notify.Data) != `{"v":1}` {
			t.Errorf("notification: %+v", got)
		}
		js.answer()
		js.send("close", "null")
		if answer, _ := js.answer(); answer != `"bye"` {
			t.Errorf("close: %s", answer)
		}
		if !js.next().Close {
			t.Error("it was not closed")
		}
	})
}

// The client sees 3000 random states as they are.
func TestInteropState(t *testing.T) {
	bothWires(t, func(t *testing.T, wire Wire, modules string) {
		connected := make(chan *Connection, 1)
		s := serve(t, &ServerOptions{Wire: wire, Autoflush: FlushEachChange, OnConnection: func(c *Connection) { connected <- c }})
		js := node(t, modules, s.URL(), wire, "")
		js.next()
		c := <-connected
		random := rand.New(rand.NewPCG(1, uint64(wire)))
		go func() {
			var state any
			for range 3000 {
				for next := state; ; {
					next = mutated(random, next, 4)
					if len(diff(state, next)) > 0 {
						state = next
						break
					}
				}
				if err := c.State().Set(json.RawMessage(appendValue(nil, state))); err != nil {
					t.Error(err)
				}
			}
		}()
		random2 := rand.New(rand.NewPCG(1, uint64(wire)))
		var state any
		for i := range 3000 {
			for next := state; ; {
				next = mutated(random2, next, 4)
				if len(diff(state, next)) > 0 {
					state = next
					break
				}
			}
			var got, want any
			json.Unmarshal(js.next().Change, &got)
			json.Unmarshal(appendValue(nil, state), &want)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("change %d: got %v, want %v", i, got, want)
			}
		}
	})
}

func TestInteropAuth(t *testing.T) {
	bothWires(t, func(t *testing.T, wire Wire, modules string) {
		s := serve(t, &ServerOptions{Wire: wire, OnRequest: answers, Htpasswd: usersFile(t)})
		js := node(t, modules, s.URL(), wire, "", `HEADERS={"Authorization":"Basic bWU6c2VjcmV0"}`)
		if !js.next().Open {
			t.Error("the right password was refused")
		}
		js = node(t, modules, s.URL(), wire, "", `HEADERS={"Authorization":"Basic bWU6d3Jvbmc="}`)
		if got := js.next(); got.Open {
			t.Error("a wrong password was accepted")
		}
	})
}

func TestInteropTLS(t *testing.T) {
	bothWires(t, func(t *testing.T, wire Wire, modules string) {
		pem := pemFile(t)
		config, err := LoadPEM(pem)
		if err != nil {
			t.Fatal(err)
		}
		s := serve(t, &ServerOptions{Wire: wire, OnRequest: answers, TLS: config})
		js := node(t, modules, s.URL(), wire, "", "NODE_EXTRA_CA_CERTS="+pem)
		js.next()
		js.send("echo", `"over TLS"`)
		if answer, fault := js.answer(); answer != `"over TLS"` {
			t.Errorf("got %s, %s", answer, fault)
		}
	})
}

// Both ends ping, and neither takes the other's silence for its death.
func TestInteropPing(t *testing.T) {
	modules := nodeModules(t)
	const delay = 50 * time.Millisecond
	connected := make(chan *Connection, 1)
	s := serve(t, &ServerOptions{OnRequest: answers, PingDelay: delay, OnConnection: func(c *Connection) { connected <- c }})
	js := node(t, modules, s.URL(), Wire07, "150")
	js.next()
	c := <-connected
	var (
		pings int
		last  int64
	)
	await(t, "ten pings and pongs", func() bool {
		if heard := c.link.heard.Load(); heard != last {
			last = heard
			pings++
		}
		return pings > 10
	})
	js.send("echo", "1")
	if answer, fault := js.answer(); answer != "1" {
		t.Errorf("after %d pings: %s, %s", pings, answer, fault)
	}
}
