package probe

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/peertest"
)

// real are programs that are probed with what is known of their protocol, and what
// was found.
var real = []struct {
	framing string
	command string // PORT and DIR are replaced
	address string
	fails   []string
}{
	{framing: "resp", command: "redis-server --port PORT --bind 127.0.0.1 --dir DIR"},
	{framing: "memcached", command: "memcached -u nobody -l 127.0.0.1 -p PORT"},
	{framing: "nats", command: "nats-server -a 127.0.0.1 -p PORT"},
	{framing: "mqtt", command: "mosquitto -p PORT"},
	// At the end of its input gopls gives up what it has not answered.
	{framing: "lsp", command: "gopls", address: "exec:gopls serve", fails: []string{"half-close"}},
}

// TestInteropPeers probes real programs: those that are known to be sound must not
// be found guilty.
func TestInteropPeers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	var all sync.WaitGroup
	for _, p := range real {
		words := strings.Fields(p.command)
		if _, err := exec.LookPath(words[0]); err != nil {
			t.Logf("%s: not tried: %v", words[0], err)
			continue
		}
		address := p.address
		if address == "" {
			address = startReal(t, p.command)
		}
		all.Go(func() {
			report := probeReal(t, address, p.framing)
			if failed := failures(report); !slices.Equal(failed, p.fails) {
				t.Errorf("%s: fails %v, want %v: %s", words[0], failed, p.fails, tell(report))
			}
			t.Logf("%-14s %2d pass, %d warn, %d skip, fails %v, %d connections, %v", words[0],
				report.Count(Pass), report.Count(Warn), report.Count(Skip), failures(report), report.Connections, round(report.Took))
		})
	}
	all.Wait()
}

// TestInteropChannel probes a peer with the habits of the original Channel, whose
// body is one recv and whose lead bytes too.
func TestInteropChannel(t *testing.T) {
	python := peertest.Need(t, "python3")[0]
	address := startServer(t, []string{python, "../../testdata/peers/channel.py", "serve-all"})
	report := probeServer(t, address, "msg")
	failed := failures(report)
	for _, check := range []string{"byte-at-a-time", "split-header", "split-body"} {
		if !slices.Contains(failed, check) {
			t.Errorf("%s does not fail: %s", check, tell(report))
		}
	}
	for _, check := range []string{"baseline", "coalesced", "parallel", "binary", aliveCheck} {
		if slices.Contains(failed, check) {
			t.Errorf("%s fails: %s", check, tell(report))
		}
	}
}

// TestInteropFastdaemon probes a peer with the habits of fastdaemon, which answers a
// length of characters for one of bytes.
func TestInteropFastdaemon(t *testing.T) {
	python := peertest.Need(t, "python3")[0]
	address := startServer(t, []string{python, "../../testdata/peers/fastdaemon.py", "serve"})
	report := probeReal(t, address, "fastdaemon")
	if failed := failures(report); !slices.Equal(failed, []string{"non-ascii"}) {
		t.Errorf("fails %v: %s", failed, tell(report))
	}
}

func failures(report *Report) (failed []string) {
	for _, r := range report.Results {
		if r.Verdict == Fail {
			failed = append(failed, r.Check)
		}
	}
	return failed
}

func probeReal(t *testing.T, address, spelling string) *Report {
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	report, err := Run(t.Context(), Options{
		Dial: func(ctx context.Context) (*endpoint.Conn, error) {
			return endpoint.Dial(ctx, address, &endpoint.Options{Stderr: null})
		},
		Framing: f,
	})
	if err != nil {
		t.Errorf("%s: %v", address, err)
		return &Report{}
	}
	return report
}

// startReal starts a program on a free port and waits until it accepts.
func startReal(t *testing.T, command string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	command = strings.NewReplacer("PORT", fmt.Sprint(port), "DIR", filepath.ToSlash(t.TempDir())).Replace(command)
	words := strings.Fields(command)
	cmd := exec.Command(words[0], words[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for deadline := time.Now().Add(mostTime); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		}
	}
	t.Fatalf("%s does not listen", command)
	return ""
}
