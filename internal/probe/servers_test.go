package probe

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mostTime bounds a run against any server.
const mostTime = 30 * time.Second

// alsoFails are the checks by which a fault shows beside the one it is meant for:
// single bytes cut everywhere, and so does the size of a large message.
var alsoFails = map[string][]string{
	"split-header": {"byte-at-a-time"},
	"split-body":   {"byte-at-a-time", "large"},
	"alive-after":  {"length-negative"},
}

// TestServers scores probe against the servers in testdata/servers, each with the
// one fault of its name, or none.
func TestServers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	dir := "testdata/servers"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	python := lookPython(t)
	var mu sync.Mutex // guards table
	var table []string
	var all sync.WaitGroup
	slots := make(chan struct{}, 10) // probing is waiting, mostly
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, ".py") && python == "" {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			row := score(t, python, filepath.Join(dir, name))
			mu.Lock()
			table = append(table, row)
			mu.Unlock()
		})
	}
	all.Wait()
	slices.Sort(table)
	t.Logf("%-34s %5s  %s\n%s", "server", "s", "fails", strings.Join(table, "\n"))
}

// lookPython returns where python3 is, empty where it is not and need not be: the
// servers in Go are probed then.
func lookPython(t *testing.T) string {
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("CHANCAT_REQUIRE_PEERS") != "" {
		t.Fatal(err)
	}
	return python
}

// score probes the server at path and returns a row of the table.
func score(t *testing.T, python, path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".py")
	meant, spelling, _ := strings.Cut(name, ".")
	argv := []string{python, path}
	if !strings.HasSuffix(path, ".py") {
		argv = []string{buildServer(t, path)}
	}
	if argv[0] == "" {
		return name + ": not built"
	}
	var report *Report
	var failed []string
	for range 3 { // a server that a busy machine kept from reading has found together what was cut
		if report = probeServer(t, startServer(t, argv), spelling, 0); report == nil {
			return name + ": no report"
		}
		failed = failedChecks(report)
		if meant == "correct" || slices.Contains(failed, meant) {
			break
		}
	}
	row := fmt.Sprintf("%-34s %5.1f  %s", name, report.Took.Seconds(), strings.Join(failed, " "))
	if report.Took > mostTime {
		t.Errorf("%s: took %v", name, report.Took)
	}
	if meant == "correct" {
		if len(failed) > 0 || len(report.Results) != len(checks) {
			t.Errorf("%s: %d results, fails %v: %s", name, len(report.Results), failed, tell(report))
		}
		return row
	}
	if !slices.Contains(failed, meant) {
		t.Errorf("%s: fails only %v: %s", name, failed, tell(report))
	}
	for _, check := range failed {
		if check != meant && check != aliveCheck && !slices.Contains(alsoFails[meant], check) {
			t.Errorf("%s: %s is a false alarm: %s", name, check, tell(report))
		}
	}
	return row
}

func failedChecks(report *Report) []string {
	var failed []string
	for _, r := range report.Results {
		if r.Verdict == Fail {
			failed = append(failed, r.Check)
		}
	}
	return failed
}

func tell(report *Report) string {
	var b strings.Builder
	for _, r := range report.Results {
		fmt.Fprintf(&b, "\n    %-5s %-23s %5dms %s", r.Verdict, r.Check, r.Took.Milliseconds(), r.Observed)
	}
	return b.String()
}

func buildServer(t *testing.T, path string) string {
	program := filepath.Join(t.TempDir(), "server")
	out, err := exec.Command("go", "build", "-o", program, "./"+path).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", path, err, out)
		return ""
	}
	return program
}

// startServer returns the address that the program prints the port of.
func startServer(t *testing.T, argv []string) string {
	cmd := exec.Command(argv[0], argv[1:]...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		_, err = cmd.StdinPipe() // some serve until it ends
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return ""
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Errorf("%v: %v", argv, err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}

func probeServer(t *testing.T, address, spelling string, gap time.Duration) *Report {
	return probeExpecting(t, address, spelling, gap, "echo")
}

func probeExpecting(t *testing.T, address, spelling string, gap time.Duration, expect string) *Report {
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Error(err)
		return nil
	}
	report, err := Run(t.Context(), Options{
		Dial:     func(ctx context.Context) (*endpoint.Conn, error) { return endpoint.Dial(ctx, address, nil) },
		Framing:  f,
		Gap:      gap,
		Messages: []Message{{[]byte("ping"), []byte("ping")}},
		Expect:   ParseExpect([]byte(expect)),
	})
	if err != nil {
		t.Errorf("%s: %v", address, err)
		return nil
	}
	return report
}
