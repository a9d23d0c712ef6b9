package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chancat/channel/internal/peertest"
)

// aCorrectServer of each framing that the faulty ones have.
var correctServers = map[string]string{
	"msg": "correct.msg.py", "u32be": "correct.u32be.py", "netstring": "correct.netstring.py",
	"lsp": "correct.lsp", "line": "correct.line",
}

// TestProbeReproduces runs the command that probe prints for a finding as a user
// would: through a shell. Against a server without the fault it succeeds; against
// the faulty one it fails or prints something else.
func TestProbeReproduces(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	peertest.Need(t, "python3")
	dir := "../../internal/probe/testdata/servers"
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, entry := range entries {
		check, rest, _ := strings.Cut(entry.Name(), ".")
		spelling := strings.TrimSuffix(rest, ".py")
		right, known := correctServers[spelling]
		if check == "correct" || !known || shown[check] {
			continue
		}
		shown[check] = true
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			reproduces(t, check, spelling, filepath.Join(dir, entry.Name()), filepath.Join(dir, right))
		})
	}
	all.Wait()
}

func reproduces(t *testing.T, check, spelling, faulty, correct string) {
	address := serveForProbe(t, faulty)
	out, _ := exec.Command("chancat", "probe", "-f", spelling, "--json", "--expect", "echo", "--send", "ping", address).Output()
	lines := 0
	for line := range bytes.Lines(out) {
		var r struct{ Check, Verdict, Reproduce string }
		if json.Unmarshal(line, &r) != nil || r.Verdict != "fail" {
			continue
		}
		lines++
		if r.Reproduce == "" || !strings.Contains(r.Reproduce, address) {
			t.Errorf("%s: %s: reproduce is %q", faulty, r.Check, r.Reproduce)
			continue
		}
		if r.Check == check {
			compareRuns(t, r.Reproduce, address, serveForProbe(t, correct), serveForProbe(t, faulty))
		}
	}
	if lines == 0 {
		t.Errorf("%s: no finding: %s", faulty, out)
	}
}

// compareRuns runs a command with the address of a correct and of a faulty server.
func compareRuns(t *testing.T, command, address, correct, faulty string) {
	run := func(at string) (string, error) {
		out, err := exec.Command("sh", "-c", strings.ReplaceAll(command, address, at)).Output()
		return string(out), err
	}
	good, err := run(correct)
	if err != nil {
		t.Errorf("against a correct server: %s: %v", command, err)
	}
	for range 3 { // a server that a busy machine kept from reading has found the pieces together
		if bad, err := run(faulty); err != nil || bad != good {
			return
		}
	}
	t.Errorf("shows no difference: %s", command)
}

// serveForProbe starts the server at path and returns its address.
func serveForProbe(t *testing.T, path string) string {
	cmd := exec.Command("python3", path)
	if !strings.HasSuffix(path, ".py") {
		program := filepath.Join(t.TempDir(), "server")
		if out, err := exec.Command("go", "build", "-o", program, "./"+path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
		cmd = exec.Command(program)
	}
	out, err := cmd.StdoutPipe()
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
		t.Errorf("%s: %v", path, err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}

// TestProbeJUnit reads the report as continuous integration does.
func TestProbeJUnit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "probe.xml")
	out, err := exec.Command("chancat", "probe", "--junit", file, "--send", "<\x1b&>", "echo:").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Suites []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Cases    []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(suites.Suites) != 1 || suites.Suites[0].Tests != 20 || len(suites.Suites[0].Cases) != 20 || suites.Suites[0].Failures != 0 {
		t.Errorf("%+v", suites)
	}
	if suites.Suites[0].Name != "chancat probe echo:" || suites.Suites[0].Cases[0].Name != "baseline" {
		t.Errorf("%+v", suites)
	}
}
