package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/peertest"
	"github.com/chancat/channel/session"
)

// A tapping is a running 'chancat tap' that records.
type tapping struct {
	t                *testing.T
	port             string
	recording, shown string // files
	cmd              *exec.Cmd
	said             bytes.Buffer
	ended            chan struct{}
}

// startTap runs a tap in front of target.
func startTap(t *testing.T, spelling, target string, flags ...string) *tapping {
	t.Helper()
	dir := t.TempDir()
	tap := &tapping{t: t, recording: filepath.Join(dir, "session"), shown: filepath.Join(dir, "shown"), ended: make(chan struct{})}
	portFile := filepath.Join(dir, "port")
	args := append([]string{"tap", "-f", spelling, "-o", tap.shown, "--record", tap.recording, "--port-file", portFile}, flags...)
	tap.cmd = exec.Command("chancat", append(args, "127.0.0.1:0", target)...)
	tap.cmd.Stderr = &tap.said
	if err := tap.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		tap.cmd.Wait()
		close(tap.ended)
	}()
	t.Cleanup(func() {
		tap.cmd.Process.Kill()
		<-tap.ended
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(portFile); err == nil {
			tap.port = strings.TrimSpace(string(text))
			return tap
		}
		if time.Now().After(deadline) {
			t.Fatal("the tap does not start")
		}
	}
}

// finish ends the tap when its client has left, and returns what it has recorded.
// Besides its address it may only have said what notes has, a line each.
func (tap *tapping) finish(notes ...string) []session.Event {
	t := tap.t
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(tap.recording)
		if bytes.Contains(text, []byte(`"from":"client","reason":`)) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the client does not leave: %v\n%s", err, text)
		}
	}
	tap.cmd.Process.Signal(syscall.SIGINT)
	<-tap.ended
	lines := strings.Split(strings.TrimSpace(tap.said.String()), "\n")[1:]
	wrong := len(lines) != len(notes)
	for i := range min(len(lines), len(notes)) {
		wrong = wrong || !strings.Contains(lines[i], notes[i])
	}
	if wrong {
		t.Errorf("the tap said %s", tap.said.String())
	}
	return eventsOf(t, tap.recording)
}

// wantReplay plays a recording to a fresh server, which must answer the same.
func wantReplay(t *testing.T, recording, target string, flags ...string) {
	t.Helper()
	if out, status := chancat(t, append([]string{"replay", recording, target}, flags...)...); status != 0 {
		t.Errorf("the replay: exit status %d\n%s", status, out)
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
	tap := startTap(t, "resp", target)
	commands := "SET key hello\nGET key\nLPUSH list a b c\nLRANGE list 0 -1\nHELLO 3\nHSET h f v\nHGETALL h\nNOSUCH\n"
	got := runPeer(t, commands, cli, "-p", tap.port)
	want := runPeer(t, commands, cli, "-p", target[strings.LastIndex(target, ":")+1:])
	if !strings.Contains(got, "hello\n") || len(got) < len(want)/2 {
		t.Errorf("%s\nand without the tap\n%s", got, want)
	}
	client, server, answers := pairs(t, tap.finish())
	if client < 8 || server != client || answers != client {
		t.Errorf("%d from the client, %d from the server, %d answers", client, server, answers)
	}
}

func TestInteropTapMQTT(t *testing.T) {
	t.Parallel()
	pub, sub := peertest.NeedHeavy(t, "mosquitto_pub")[0], peertest.NeedHeavy(t, "mosquitto_sub")[0]
	peertest.NeedHeavy(t, "mosquitto")
	broker := func() string { return peertest.Serve(t, "mosquitto", "-p", "PORT") }
	target := broker()
	tap := startTap(t, "mqtt", target)
	runPeer(t, "", pub, "-p", tap.port, "-i", "pub", "-t", "topic", "-m", "hello", "-q", "2", "-r")
	client, server, answers := pairs(t, tap.finish()) // CONNECT PUBLISH PUBREL DISCONNECT; CONNACK PUBREC PUBCOMP
	if client != 4 || server != 3 || answers < 3 {
		t.Errorf("%d from the client, %d from the server, %d answers", client, server, answers)
	}
	fresh := broker()
	wantReplay(t, tap.recording, fresh) // and so the fresh one has the message too
	tap = startTap(t, "mqtt", target)
	if got := runPeer(t, "", sub, "-p", tap.port, "-i", "sub", "-t", "topic", "-C", "1"); got != "hello\n" {
		t.Errorf("%q", got)
	}
	client, server, answers = pairs(t, tap.finish()) // CONNECT SUBSCRIBE DISCONNECT; CONNACK SUBACK PUBLISH
	if client != 3 || server != 3 || answers != 2 {
		t.Errorf("%d from the client, %d from the server, %d answers", client, server, answers)
	}
	wantReplay(t, tap.recording, fresh)
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
	events := slices.DeleteFunc(eventsOf(c.t, c.recording), func(e session.Event) bool {
		return e.Kind == session.Broken && e.Cause == string(frame.CauseTruncated) // gopls exits while it still notifies
	})
	if _, _, answers := pairs(c.t, events); answers < answersLeast {
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
			wantReplay(t, c.recording, "exec:"+strings.Join(command, " "), "--only", ".id", "--unordered", "-w", "60s")
		})
	}
}

func TestInteropTapMCP(t *testing.T) {
	t.Parallel()
	program, dir := peertest.NeedHeavy(t, "mcp-server-filesystem")[0], t.TempDir()
	c := tapAround(t, "line", program, dir)
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
	wantReplay(t, c.recording, "exec:"+program+" "+dir, "--only", ".id")
}

func TestInteropTapDebugger(t *testing.T) {
	t.Parallel()
	dlv := peertest.NeedHeavy(t, "dlv")[0]
	adapter := func() (target string) {
		target = fmt.Sprintf("127.0.0.1:%d", peertest.Port(t)) // it takes one client: nobody may try whether it listens
		cmd := exec.Command(dlv, "dap", "--listen", target)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
		})
		return target
	}
	tap := startTap(t, "dap", adapter(), "--wait-up", "20s")
	cmd := exec.Command("chancat", "send", "-f", "dap", "-r", "1", "-w", "20s", "127.0.0.1:"+tap.port, `{"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"go"}}`)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `"request_seq":1`) {
		t.Errorf("%v: %s", err, out)
	}
	if client, server, answers := pairs(t, tap.finish()); client != 1 || server < 1 || answers != 1 {
		t.Errorf("%d from the client, %d from the server, %d answers", client, server, answers)
	}
	wantReplay(t, tap.recording, adapter(), "--wait-up", "20s", "-w", "20s")
}
