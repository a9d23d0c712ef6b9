// Package peertest starts the programs of others that tests talk to.
package peertest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds the start and the end of a program.
const patience = 20 * time.Second

// Need skips the test unless the programs are installed; where peers are required,
// as in .ci/run, it fails instead. It returns their paths.
func Need(t testing.TB, programs ...string) (paths []string) {
	t.Helper()
	return need(t, os.Getenv(required) != "", "is not installed", programs)
}

// NeedHeavy is Need for programs that are too large to be installed for every
// change: only .ci/peers does.
func NeedHeavy(t testing.TB, programs ...string) (paths []string) {
	t.Helper()
	return need(t, os.Getenv(required) == "all", "is missing here; .ci/peers has it", programs)
}

// required is the variable of the environment that says which programs must be
// there: "1" for those of .ci/run, "all" for those of .ci/peers too.
const required = "CHANCAT_REQUIRE_PEERS"

func need(t testing.TB, must bool, missing string, programs []string) (paths []string) {
	t.Helper()
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			path, err = exec.LookPath("/usr/sbin/" + program) // not in the path of everybody
		}
		switch {
		case err == nil:
			paths = append(paths, path)
		case must:
			t.Fatalf("%s %s", program, missing)
		default:
			t.Skipf("%s %s", program, missing)
		}
	}
	return paths
}

// Listen listens on a TCP port of localhost that the system hands to nobody who asks
// for any port: once closed it stays free, whatever else runs.
func Listen() (*net.TCPListener, error) {
	for tries := 0; ; tries++ {
		// Below the ports that Linux, the BSDs, macOS and Windows hand out.
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 20000 + rand.IntN(12000)})
		if err == nil || tries == 100 {
			return l, err
		}
	}
}

// Port returns a TCP port of localhost on which nobody listens; see Listen.
func Port(t testing.TB) int {
	t.Helper()
	l, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Serve runs a program until the end of the test, and returns the address at which
// it listens. PORT in args stands for the port, DIR for a folder of its own.
func Serve(t testing.TB, program string, args ...string) (address string) {
	t.Helper()
	path := Need(t, program)[0]
	port, dir := fmt.Sprint(Port(t)), t.TempDir()
	replace := strings.NewReplacer("PORT", port, "DIR", dir)
	for i := range args {
		args[i] = replace.Replace(args[i])
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	var output lockedBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
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
	address = "127.0.0.1:" + port
	for deadline := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return address
		}
		select {
		case <-ended:
			t.Fatalf("%s has ended: %s", program, output.String())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen on %s: %v\n%s", program, address, err, output.String())
		}
	}
}

// A lockedBuffer is what a program has said.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
