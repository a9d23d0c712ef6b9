package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/peertest"
	"github.com/chancat/channel/session"
)

// startTap runs a tap in front of target, and returns its port. finish ends it and
// returns what it has recorded.
func startTap(t *testing.T, spelling, target string, flags ...string) (port string, finish func() []session.Event) {
	t.Helper()
	dir := t.TempDir()
	recording, portFile := filepath.Join(dir, "session"), filepath.Join(dir, "port")
	args := append([]string{"tap", "-f", spelling, "-o", filepath.Join(dir, "shown"), "--record", recording, "--port-file", portFile}, flags...)
	cmd := exec.Command("chancat", append(args, "127.0.0.1:0", target)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(portFile); err == nil {
			port = strings.TrimSpace(string(text))
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the tap does not start")
		}
	}
	return port, func() []session.Event {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			text, err := os.ReadFile(recording)
			if bytes.Contains(text, []byte(`"from":"client","reason":`)) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the client does not leave: %v\n%s", err, text)
			}
		}
		cmd.Process.Signal(syscall.SIGINT)
		<-ended
		if text := said.String(); strings.Count(text, "\n") != 1 {
			t.Errorf("the tap said %s", text)
		}
		return eventsOf(t, recording)
	}
}

func eventsOf(t *testing.T, file string) (list []session.Event) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for e, err := range session.NewReader(f, 0).Events() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// pairs counts the messages of both sides, and those that answer. A broken frame
// is an error.
func pairs(t *testing.T, events []session.Event) (client, server, answers int) {
	t.Helper()
	for _, e := range events {
		switch {
		case e.Kind == session.Broken, e.Kind == session.Lost:
			t.Errorf("%+v", e)
		case e.Kind == session.Message && e.From == session.Client:
			client++
		case e.Kind == session.Message:
			server++
		}
		if e.Answers != 0 {
			answers++
		}
	}
	return client, server, answers
}

func runPeer(t *testing.T, stdin, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

func TestInteropTapRedis(t *testing.T) {
	t.Parallel()
	cli := peertest.Need(t, "redis-cli")[0]
	target := peertest.Serve(t, "redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "DIR")
	port, finish := startTap(t, "resp", target)
	commands := "SET key hello\nGET key\nLPUSH list a b c\nLRANGE list 0 -1\nHELLO 3\nHSET h f v\nHGETALL h\nNOSUCH\n"
	got := runPeer(t, commands, cli, "-p", port)
	want := runPeer(t, commands, cli, "-p", target[strings.LastIndex(target, ":")+1:])
	if !strings.Contains(got, "hello\n") || len(got) < len(want)/2 {
		t.Errorf("%s\nand without the tap\n%s", got, want)
	}
	client, server, answers := pairs(t, finish())
	if client < 8 || server != client || answers != client {
		t.Errorf("%d from the client, %d from the server, %d answers", client, server, answers)
	}
}

func TestInteropTapMQTT(t *testing.T) {
	t.Parallel()
	pub := peertest.NeedHeavy(t, "mosquitto_pub", "mosquitto")[0]
	target := peertest.Serve(t, "mosquitto", "-p", "PORT")
	port, finish := startTap(t, "mqtt", target)
	runPeer(t, "", pub, "-p", port, "-t", "topic", "-m", "hello", "-q", "2")
	client, server, answers := pairs(t, finish()) // CONNECT PUBLISH PUBREL DISCONNECT; CONNACK PUBREC PUBCOMP
	if client != 4 || server != 3 || answers < 3 {
		t.Errorf("%d from the client, %d from the server, %d answers", client, server, answers)
	}
}

// A caller speaks JSON-RPC with a program behind 'chancat tap --'.
type caller struct {
	t         *testing.T
	codec     frame.Codec
	stdin     io.WriteCloser
	reader    *frame.Reader
	cmd       *exec.Cmd
	recording string
}

func tapAround(t *testing.T, spelling string, command ...string) *caller {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{t: t, codec: f.C2S.Codec, recording: filepath.Join(t.TempDir(), "session")}
	c.cmd = exec.Command("chancat", append([]string{"tap", "-f", spelling, "--record", c.recording, "--"}, command...)...)
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.reader = frame.NewReader(stdout, f.S2C.Codec, f.S2C.Max)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(2*patience, func() { c.cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		c.cmd.Process.Kill()
		c.cmd.Wait()
	})
	return c
}

func (c *caller) send(text string) {
	c.t.Helper()
	raw, err := c.codec.AppendFrame(nil, []byte(text))
	if err == nil {
		_, err = c.stdin.Write(raw)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// await reads messages until one holds text.
func (c *caller) await(text string) {
	c.t.Helper()
	for {
		msg, err := c.reader.NextMessage()
		if err != nil {
			c.t.Fatalf("waiting for %q: %v", text, err)
		}
		if strings.Contains(string(msg), text) {
			return
		}
	}
}

// finish ends the program's input and checks its end and the recording.
func (c *caller) finish(answersLeast int) {
	c.t.Helper()
	c.stdin.Close()
	if _, err := c.reader.NextMessage(); err != io.EOF {
		for err == nil {
			_, err = c.reader.NextMessage()
		}
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Error(err)
	}
	if _, _, answers := pairs(c.t, eventsOf(c.t, c.recording)); answers < answersLeast {
		c.t.Errorf("%d answers", answers)
	}
}

func TestInteropTapLanguageServers(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{{"gopls"}, {"typescript-language-server", "--stdio"}} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			command[0] = peertest.NeedHeavy(t, command[0])[0]
			c := tapAround(t, "lsp", command...)
			c.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":"file://%s","capabilities":{}}}`, t.TempDir()))
			c.await(`"capabilities"`)
			c.send(`{"jsonrpc":"2.0","method":"initialized","params":{}}`)
			c.send(`{"jsonrpc":"2.0","id":"bye","method":"shutdown"}`)
			c.await(`"bye"`)
			c.send(`{"jsonrpc":"2.0","method":"exit"}`)
			c.finish(2)
		})
	}
}

func TestInteropTapMCP(t *testing.T) {
	t.Parallel()
	c := tapAround(t, "line", peertest.NeedHeavy(t, "mcp-server-filesystem")[0], t.TempDir())
	c.send(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	c.await(`"serverInfo"`)
	c.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	c.send(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	c.await(`"tools"`)
	c.stdin.Close()
	c.cmd.Process.Signal(syscall.SIGTERM) // it does not mind the end of its input
	c.cmd.Wait()
	if _, _, answers := pairs(t, eventsOf(t, c.recording)); answers != 2 {
		t.Errorf("%d answers", answers)
	}
}

func TestInteropTapDebugger(t *testing.T) {
	t.Parallel()
	dlv := peertest.NeedHeavy(t, "dlv")[0]
	target := fmt.Sprintf("127.0.0.1:%d", peertest.Port(t))
	adapter := exec.Command(dlv, "dap", "--listen", target) // it takes one client: nobody may try whether it listens
	if err := adapter.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		adapter.Process.Kill()
		adapter.Wait()
	})
	port, finish := startTap(t, "dap", target, "--wait-up", "20s")
	cmd := exec.Command("chancat", "send", "-f", "dap", "-r", "1", "-w", "20s", "127.0.0.1:"+port, `{"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"go"}}`)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `"request_seq":1`) {
		t.Errorf("%v: %s", err, out)
	}
	if client, server, answers := pairs(t, finish()); client != 1 || server < 1 || answers != 1 {
		t.Errorf("%d from the client, %d from the server, %d answers", client, server, answers)
	}
}
