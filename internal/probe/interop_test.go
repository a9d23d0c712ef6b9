package probe

import (
	"context"
	"os"
	"slices"
	"strings"
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
	need    func(t testing.TB, programs ...string) []string
	command string // PORT and DIR are replaced
	address string // of one that is not served
	mayFail string // a check that it fails or not, by chance
}{
	{framing: "resp", need: peertest.Need, command: "redis-server --port PORT --bind 127.0.0.1 --dir DIR"},
	{framing: "memcached", need: peertest.Need, command: "memcached -u nobody -l 127.0.0.1 -p PORT"},
	{framing: "nats", need: peertest.Need, command: "nats-server -a 127.0.0.1 -p PORT"},
	{framing: "mqtt", need: peertest.NeedHeavy, command: "mosquitto -p PORT"},
	// At the end of its input gopls gives up what it has not answered, if that comes first.
	{framing: "lsp", need: peertest.NeedHeavy, command: "gopls", address: "exec:gopls serve", mayFail: "half-close"},
}

// TestInteropPeers probes real programs: those that are known to be sound must not
// be found guilty.
func TestInteropPeers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	for _, p := range real {
		words := strings.Fields(p.command)
		t.Run(words[0], func(t *testing.T) {
			t.Parallel()
			p.need(t, words[0])
			address := p.address
			if address == "" {
				address = peertest.Serve(t, words[0], words[1:]...)
			}
			report := probeReal(t, address, p.framing)
			for _, check := range failures(report) {
				if check != p.mayFail {
					t.Errorf("%s fails: %s", check, tell(report))
				}
			}
			t.Logf("%2d pass, %d warn, %d skip, fails %v, %d connections, %v",
				report.Count(Pass), report.Count(Warn), report.Count(Skip), failures(report), report.Connections, round(report.Took))
		})
	}
}

// TestInteropChannel probes a peer with the habits of the original Channel, whose
// body is one recv and whose lead bytes too.
func TestInteropChannel(t *testing.T) {
	python := peertest.Need(t, "python3")[0]
	address := startServer(t, []string{python, "../../testdata/peers/channel.py", "serve-all"})
	report := probeServer(t, address, "msg", 100*time.Millisecond) // a busy machine runs it late
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
