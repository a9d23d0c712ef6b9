package repl

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/endpoint"
	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/session"
)

func TestTypedLines(t *testing.T) {
	d, c, address := connected(t, "msg", nil)
	d.prompts(address + " msg> ")
	for _, l := range []struct{ line, sent string }{
		{"hello", "hello"},
		{"", ""},
		{"//slash", "/slash"},
		{`/e a\n\xff`, "a\n\xff"},
		{"/hex de AD be ef", "\xde\xad\xbe\xef"},
		{"/b64 aGk", "hi"},
		{`/json { "a" : [1, 2] }`, `{"a":[1,2]}`},
		{"pasted\n/quit", "pasted\n/quit"},
	} {
		d.types(l.line)
		c.wants(fmt.Sprintf("\r\nMSG %d\r\n%s", len(l.sent), l.sent))
	}
	d.types("<<END", "/quit", "<<END", "END")
	c.wants("\r\nMSG 11\r\n/quit\n<<END")
	c.says("\r\nMSG 2\r\nok")
	d.sees("← #10 2 B", "  ok\n", "→ #1 5 B  hello\n")
	d.types("/quit")
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}

// What is typed is composed for the framing, and what waits to be merged is sent
// before our side ends.
func TestComposed(t *testing.T) {
	d, c, _ := connected(t, "resp", nil)
	d.types("/chunks merge", `SET k "a b"`)
	d.press(keypress{err: io.EOF})
	c.wants("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na b\r\n")
}

func TestASCII(t *testing.T) {
	d, c, _ := connected(t, "line", func(o *Options) { o.ASCII = true })
	d.types("x")
	c.wants("x\n")
	c.says("y\n")
	d.sees("-> #1 1 B  x\n", "<- #2 1 B")
}

// Peers that come to us are told apart, and chosen by number.
func TestListen(t *testing.T) {
	d := sit(t, "line", nil)
	d.prompts("not connected> ")
	d.types("/listen 127.0.0.1:0")
	d.sees("listening on tcp://")
	_, rest, _ := strings.Cut(d.text(), "listening on tcp://")
	address, _, _ := strings.Cut(rest, "\n")
	_, port, _ := net.SplitHostPort(address)
	var clients []*client
	for i := range 2 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, newClient(t, conn))
		clients[i].says(fmt.Sprintf("from %d\n", i+1))
		d.sees(fmt.Sprintf("[%d] 6 B  from %d\n", i+1, i+1))
	}
	d.prompts("listening " + port + " (2)> ")
	d.types("all")
	clients[0].wants("all\n")
	clients[1].wants("all\n")
	d.types("/to 2", "two", "/to 1 one", "/all both")
	clients[1].wants("two\nboth\n")
	clients[0].wants("one\nboth\n")
	d.types("/peers")
	d.sees("*[2] ", "1 received, 3 sent")
	clients[0].Close()
	d.sees("[1] the peer has closed its side")
	d.types("/close 1")
	d.sees("client 1 is gone")
	d.types("/close 9")
	d.sees("there is no peer 9")
}

// A client that has ended its side is shown as such, and is let go when nothing was
// sent to it for some time.
func TestClientThatHalfCloses(t *testing.T) {
	d := sit(t, "line", func(o *Options) { o.Linger = 500 * time.Millisecond })
	d.types("/listen 127.0.0.1:0")
	d.sees("listening on tcp://")
	_, rest, _ := strings.Cut(d.text(), "tcp://")
	address, _, _ := strings.Cut(rest, "\n")
	_, port, _ := strings.Cut(address, ":")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, conn)
	c.says("question\n")
	c.CloseWrite()
	d.prompts("listening " + port + " (1, 1 half-closed)> ")
	d.types("answer")
	c.wants("answer\n")
	d.sees("client 1 is gone: it had closed its side")
	d.prompts("listening " + port + " (0)> ")
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAnswer(t *testing.T) {
	d := sit(t, "line", func(o *Options) {
		o.Answer = func(_ context.Context, msg []byte) ([]byte, error) { return append([]byte("re: "), msg...), nil }
	})
	d.types("/listen 127.0.0.1:0")
	d.sees("listening on tcp://")
	_, rest, _ := strings.Cut(d.text(), "listening on tcp://")
	address, _, _ := strings.Cut(rest, "\n")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, conn)
	c.says("a\nb\n")
	c.CloseWrite()
	c.wants("re: a\nre: b\n")
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d bytes, %v; want the end", n, err)
	}
	d.sees("client 1 is gone")
}

// What was received is decoded again, and the connection goes on in the new
// framing.
func TestFraming(t *testing.T) {
	d, c, address := connected(t, "msg", nil)
	c.says("\x00\x00\x00\x02hi\x00\x00\x00\x03you")
	d.sees("frame at byte 0", "^^ byte 0", "try /framing u32be")
	d.prompts(address + " msg broken> ")
	c.says("\x00\x00")
	d.types("/framing u32be")
	d.sees("2 B  hi\n", "3 B  you\n")
	d.prompts(address + " u32be> ")
	c.says("\x00\x01!")
	d.sees("1 B  !\n")
	d.types("yes")
	c.wants("\x00\x00\x00\x03yes")
	d.clear()
	d.types("/framing msh")
	d.sees(`did you mean "msg"?`)
	d.types("/framing u8")
	d.sees("decoding again")
	d.prompts(address + " u8> ")
}

// The framing is found out from what has come, if that is enough.
func TestFramingAuto(t *testing.T) {
	d, c, address := connected(t, "msg", nil)
	d.types("/framing auto")
	d.sees("cannot decide")
	for i := range 20 {
		body := fmt.Sprintf(`{"id":%d,"text":"%s"}`, i, strings.Repeat("x", 3*i))
		c.says(string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body)
	}
	d.sees("nothing more is decoded")
	d.until("not decided", func() bool {
		d.types("/framing auto")
		return strings.Contains(d.text(), `{"id":19,`)
	})
	d.prompts(address + " u32be> ")
}

// Who tries framings is not thrown out by one that does not fit.
func TestEndOnBrokenTrying(t *testing.T) {
	d, c, address := connected(t, "msg", func(o *Options) { o.EndOnBroken = true })
	d.types("/framing u8")
	d.prompts(address + " u8> ")
	d.types("/framing msg")
	d.prompts(address + " msg> ")
	c.says("nonsense")
	d.sees("^^ byte 0")
	d.prompts(address + " msg broken> ")
}

// After a broken frame the session goes on at the next one.
func TestResync(t *testing.T) {
	d, c, address := connected(t, "msg", nil)
	c.says("\r\nMSG 2\r\nhinonsense\r\nMSG 3\r\nyou")
	d.sees("^^ byte", "/resync")
	c.says("\r\nMSG 4\r\nthey")
	d.types("/resync")
	d.sees("going on at byte 19", "3 B  you\n", "4 B  they\n")
	d.prompts(address + " msg> ")
	c.says("XX")
	d.sees("byte 44")
	d.types("/resync")
	d.sees("looking on")
	c.says("..\r\nMSG 2\r\nwe")
	d.sees("2 B  we\n")
	d.types("/resync")
	d.sees("nothing is broken")
}

func TestEndOnBroken(t *testing.T) {
	d, c, _ := connected(t, "msg", func(o *Options) { o.EndOnBroken = true })
	c.says("nonsense")
	err := d.ends()
	broken, ok := errors.AsType[*BrokenError](err)
	if !ok || !errors.Is(err, wire.ErrSyntax) || string(broken.Fault.Bytes) != "nonsense" {
		t.Errorf("%v", err)
	}
}

// A lost connection leaves the session, and the next message connects again.
func TestReconnect(t *testing.T) {
	srv := serve(t)
	d := sit(t, "line", func(o *Options) { o.OnConnect = [][]byte{[]byte("LOGIN")} })
	d.types("/connect " + srv.address())
	c := srv.client()
	c.wants("LOGIN\n")
	c.SetLinger(0)
	c.Close()
	d.sees("connection lost", "the next message connects again")
	d.prompts("not connected> ")
	d.types("again")
	c = srv.client()
	c.wants("LOGIN\nagain\n")
	c.says("welcome\n")
	d.sees("welcome")
	d.prompts(srv.address() + " line> ")
}

// A message to a peer that is gone altogether is not lost in silence.
func TestSendToPeerThatIsGone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("what a socket knows is not asked there")
	}
	d, c, _ := connected(t, "line", nil)
	c.Close()
	d.sees("the peer has closed its side")
	d.types("hello")
	d.sees(`message "hello" has not arrived`, "the next message connects again")
	d.prompts("not connected> ")
}

func TestTLSDetails(t *testing.T) {
	l, err := endpoint.Listen(t.Context(), "tls://127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := sit(t, "line", func(o *Options) {
		o.Dial = func(ctx context.Context, address string, _ int) (*endpoint.Conn, error) {
			return endpoint.Dial(ctx, address, &endpoint.Options{TLS: &tls.Config{InsecureSkipVerify: true}})
		}
	})
	d.types("/connect " + l.Addr())
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c.Stream, "secret\n")
	d.sees("TLS 1.3, TLS_", "secret")
}

// A transport that keeps messages apart has no framing and no half-close.
func TestWebSocket(t *testing.T) {
	l, err := endpoint.Listen(t.Context(), "ws://127.0.0.1:0/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := sit(t, "msg", nil)
	accepted := make(chan *endpoint.Conn, 1)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	d.types("/connect " + l.Addr())
	c := <-accepted
	if c == nil {
		t.Fatal("no client")
	}
	defer c.Close()
	d.prompts(l.Addr() + " ws> ")
	d.types("ask")
	if msg, err := c.Messages.Recv(); string(msg) != "ask" {
		t.Fatalf("%q, %v", msg, err)
	}
	c.Messages.Send([]byte("answer"))
	d.sees("6 B", "answer")
	d.types("/framing line", "/raw x")
	d.sees("keeps messages apart by itself", "has only whole messages")
	c.Close()
	d.sees("the next message connects again")
}

func TestChild(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	d := sit(t, "line", nil)
	d.types(`/connect exec:sh -c 'read x; echo got $x; exit 3'`, "first")
	d.sees("got first", "the next message connects again", "exited with status 3")
	d.types("second")
	d.sees("got second")
}

func TestEnds(t *testing.T) {
	d, c, address := connected(t, "line", nil)
	c.CloseWrite()
	d.sees("the peer has closed its side")
	d.prompts(address + " line closed> ")
	d.types("still")
	c.wants("still\n")
	d.press(keypress{err: io.EOF})
	d.sees("half-closed")
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d bytes, %v; want the end", n, err)
	}
	d.types("more")
	d.sees("nothing more can be sent")
	d.press(keypress{err: io.EOF})
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}

func TestInterrupt(t *testing.T) {
	d, _, _ := connected(t, "line", nil)
	d.press(keypress{line: "half a line", err: ErrInterrupt})
	d.press(keypress{err: ErrInterrupt})
	d.sees("Ctrl-C again quits")
	d.types("/peers")
	d.sees("0 received")
	d.until("still runs", func() bool {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		return d.s.cancel == nil
	})
	d.press(keypress{err: ErrInterrupt})
	d.press(keypress{err: ErrInterrupt})
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}

// Ctrl-C cancels a send that a peer which does not read holds up.
func TestCancel(t *testing.T) {
	d, _, _ := connected(t, "msg", nil)
	file := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(file, make([]byte, 15<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	d.types("/file " + file)
	d.sees("15.0 MiB")
	d.press(keypress{err: ErrInterrupt})
	d.sees("cancelled", "connection lost")
	d.prompts("not connected> ")
}

// /quit is not held up by a peer that does not read the answers it asks for.
func TestQuitWhileBlocked(t *testing.T) {
	answering := make(chan struct{}, 1)
	d := sit(t, "msg", func(o *Options) {
		o.Answer = func(context.Context, []byte) ([]byte, error) {
			answering <- struct{}{}
			return make([]byte, 15<<20), nil
		}
	})
	d.types("/listen 127.0.0.1:0")
	d.sees("listening on tcp://")
	_, rest, _ := strings.Cut(d.text(), "listening on tcp://")
	address, _, _ := strings.Cut(rest, "\n")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, conn)
	c.says("\r\nMSG 1\r\nx")
	<-answering
	d.types("/quit")
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}

func TestSignal(t *testing.T) {
	ended := errors.New("a signal")
	d, _, _ := connected(t, "line", nil)
	d.s.end(ended)
	if err := d.ends(); err != ended {
		t.Errorf("%v", err)
	}
	select {
	case <-d.closed:
	default:
		t.Error("the Editor is not closed")
	}
}

func TestScript(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"unknown":  {"hello\n\n/hlep\nnever\n", `login:3: unknown command /hlep; did you mean /help?`},
		"misused":  {"/show\n", "login:1: want /show N, such as /show 17"},
		"in block": {"<<X\n/hlep\nX\n/nope\n", "login:4: unknown command /nope"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			d := sit(t, "line", func(o *Options) {
				o.Script = "login"
				o.Editor = NewPlain(strings.NewReader("/connect echo:\n"+c.script), &out)
			})
			defer d.Close()
			err := d.ends()
			script, ok := errors.AsType[*ScriptError](err)
			if !ok {
				t.Fatalf("%v", err)
			}
			script.Line-- // of /connect
			if !strings.HasPrefix(err.Error(), c.want) || strings.Contains(out.String(), "never") {
				t.Errorf("%v, want %s; the output is %s", err, c.want, out.String())
			}
		})
	}
}

func TestScriptEnds(t *testing.T) {
	var out strings.Builder
	d := sit(t, "line", func(o *Options) {
		o.Script = "stdin"
		o.Editor = NewPlain(strings.NewReader("/connect echo:\none\ntwo"), &out)
	})
	defer d.Close()
	if err := d.ends(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "← #") || !strings.Contains(out.String(), "3 B") || strings.Count(out.String(), "two") != 2 {
		t.Error(out.String())
	}
}

func TestRecord(t *testing.T) {
	d, c, _ := connected(t, "line", nil)
	file := filepath.Join(t.TempDir(), "rec")
	d.types("/record "+file, "ask")
	c.wants("ask\n")
	c.says("answer\n")
	d.sees("answer")
	d.types("/record off")
	d.sees("nothing is recorded")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, _ := f.Stat(); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	var kinds []string
	var answer session.Event
	for e, err := range session.NewReader(f, 0).Events() {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, string(e.Kind)+":"+string(e.From))
		answer = e
	}
	want := "session: open: read:client message:client read:server message:server"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if string(answer.Data) != "answer" || answer.Answers != 1 {
		t.Errorf("%+v", answer)
	}
	d.types("/record " + file)
	d.sees("exists; -f")
}

// A recording that starts anew in its own file leaves nothing of the old one there,
// and the file is nobody else's.
func TestRecordOverItself(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.session")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	secret := func(o *Options) { o.Secrets = []*regexp.Regexp{regexp.MustCompile("secret")} }
	d, c, _ := connected(t, "line", secret)
	d.types("/record -f " + file)
	for range 50 {
		d.types("old")
		c.wants("old\n")
	}
	c.says("old, and not whole") // which is held back until it is known whether it is secret
	d.until("nothing arrives", func() bool {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		return d.s.peers[0].in.arrived() > 0
	})
	d.types("/record -f "+file, "new", "/record off")
	c.wants("new\n")
	d.sees("nothing is recorded")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"event":"session"`); n != 1 || strings.ContainsAny(string(text), "\x00") || strings.Contains(string(text), "old") {
		t.Errorf("the file has\n%q", text)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// The peer may send faster than anybody reads: every message is counted, the last
// ones are kept, and what is typed is obeyed meanwhile.
func TestSessionFlood(t *testing.T) {
	const count = 30_000
	d, c, _ := connected(t, "line", nil)
	go io.Copy(io.Discard, c)
	go func() {
		block := strings.Repeat("0123456789\n", 1000)
		for range count / 1000 {
			if _, err := io.WriteString(c, block); err != nil {
				return
			}
		}
	}()
	for range 20 {
		d.types("typed", "/stats")
	}
	d.until("not all came", func() bool {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		return d.s.counts.in.messages == count && d.s.counts.out.messages == 20
	})
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if n := len(d.s.kept.kept); n != ringCount {
		t.Errorf("%d are kept", n)
	}
}
