package fastdaemon

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

const peer = "../../testdata/peers/fastdaemon.py"

// pythonServer starts the stand-in and returns its address.
func pythonServer(t *testing.T) string {
	t.Helper()
	peertest.Need(t, "python3")
	cmd := exec.Command("python3", peer, "serve")
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
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("it printed no port")
	}
	return "127.0.0.1:" + lines.Text()
}

func TestInteropServer(t *testing.T) {
	address := pythonServer(t)
	c := &Client{Chars: true}
	large := strings.Repeat("x", 100_000)
	for _, call := range []struct {
		stdin          string
		args           []string
		stdout, stderr string
	}{
		{"hello\n", []string{"alpha", "beta"}, "hello\n|alpha,beta", "argc=3"},
		{"", nil, "|", "argc=0"},
		{"žluťoučký kůň", []string{"arg1", "ž"}, "žluťoučký kůň|arg1,ž", "argc=3"},
		{large, nil, large + "|", "argc=0"},
		{"abc", []string{"raise"}, "", ""},
	} {
		got, err := c.Transfer(t.Context(), address, []byte(call.stdin), call.args)
		if err != nil || string(got.Stdout) != call.stdout || string(got.Stderr) != call.stderr {
			t.Errorf("%.20q: %.40q, %v", call.stdin, got, err)
		}
	}
	if _, err := Transfer(t.Context(), address, []byte("ž"), nil); err == nil {
		t.Error("a reply that counts characters was read as bytes")
	}
}

func TestInteropClient(t *testing.T) {
	peertest.Need(t, "python3")
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Handler: join, Chars: true}
	until(t, func(ctx context.Context) error { return s.Serve(ctx, l) })
	_, port, err := net.SplitHostPort(serve(t, s))
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{port, path} {
		for _, call := range [][]string{{"hello\n", "alpha", "beta"}, {""}, {"éa", "x", "ž"}} {
			cmd := exec.Command("python3", append([]string{peer, "call", where}, call...)...)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			var got [2]string
			if err == nil {
				err = json.Unmarshal(out, &got)
			}
			if want := call[0] + "|" + strings.Join(call[1:], ","); err != nil || got[0] != want {
				t.Errorf("%q: %q, %v", call, got, err)
			}
		}
	}
}

// A recording is of one connection; testdata/captures/README.md says how it is
// written.
type recording struct {
	request, reply []byte
	records        [][]string // decoded, the client's first
}

func captures(t *testing.T) map[string]recording {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/captures/fastdaemon_*.json")
	if err != nil || len(paths) < 8 {
		t.Fatal(paths, err)
	}
	all := map[string]recording{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Name    string
			Chunks  []struct{ Dir, Hex string }
			Decoded []struct{ Record []string }
		}
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		var r recording
		for _, chunk := range c.Chunks {
			b, err := hex.DecodeString(chunk.Hex)
			if err != nil {
				t.Fatal(err)
			}
			if chunk.Dir == "c2s" {
				r.request = append(r.request, b...)
			} else {
				r.reply = append(r.reply, b...)
			}
		}
		for _, d := range c.Decoded {
			r.records = append(r.records, d.Record)
		}
		all[c.Name] = r
	}
	return all
}

// byteCounter are recordings whose client counts bytes.
var byteCounter = map[string]bool{"fastdaemon_bytecount_request": true}

// Both directions of every recording are read as what the real programs said, in
// the mode for their prefixes.
func TestCapturesDecode(t *testing.T) {
	for name, r := range captures(t) {
		for i, raw := range [][]byte{r.request, r.reply} {
			if len(raw) == 0 {
				continue
			}
			chars := i == 1 || !byteCounter[name]
			first, second, err := receive(bytes.NewReader(raw), chars, 1<<20)
			if want := r.records[i]; err != nil || string(first) != want[0] || string(second) != want[1] {
				t.Errorf("%s, %d: %q, %q, %v; want %q", name, i, first, second, err, want)
			}
		}
	}
}

// Our server, given the request of a recording, replies with the bytes of the
// recording wherever the two ways to count agree.
func TestCapturesAgainstServer(t *testing.T) {
	for name, r := range captures(t) {
		s := &Server{Chars: !byteCounter[name], Handler: join}
		if len(r.records[1]) > 0 && r.records[1][0] == "" { // the command raised or exited
			s.Handler = func(context.Context, Request) (Reply, error) { panic("boom") }
		}
		conn := dial(t, serve(t, s))
		conn.Write(r.request)
		got, err := io.ReadAll(conn)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(r.reply) == 0 || isASCII(r.reply[prefix:]) && !bytes.Equal(got, r.reply) {
			if len(r.reply) > 0 {
				t.Errorf("%s: %q, want %q", name, got, r.reply)
			}
			continue // the real server did not understand the client; ours does
		}
		first, second, err := receive(bytes.NewReader(got), false, 1<<20)
		if want := r.records[1]; err != nil || string(first) != want[0] || string(second) != want[1] {
			t.Errorf("%s: %q, %q, %v; want %q", name, first, second, err, want)
		}
	}
}

// Our client, asked the same, sends the bytes of the recording where it counts
// as that client did, and reads the recorded reply.
func TestCapturesAgainstClient(t *testing.T) {
	for name, r := range captures(t) {
		if len(r.reply) == 0 {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		requests := make(chan []byte, 1)
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			request := make([]byte, len(r.request))
			n, _ := io.ReadFull(conn, request)
			requests <- request[:n]
			conn.Write(r.reply)
		}()
		c := &Client{Chars: true}
		got, err := c.Transfer(t.Context(), l.Addr().String(), []byte(r.records[0][0]), splitArgs([]byte(r.records[0][1])))
		if want := r.records[1]; err != nil || string(got.Stdout) != want[0] || string(got.Stderr) != want[1] {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
		l.Close()
		if request := <-requests; !bytes.Equal(request, r.request) {
			t.Errorf("%s: it sent %q, want %q", name, request, r.request)
		}
	}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
