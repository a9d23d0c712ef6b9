package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

// runServer runs a server until the end of the test, and waits until it listens.
func runServer(t *testing.T, port int, command ...string) (target string) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = "/"
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // it ends what it has started
		kill := time.AfterFunc(patience, func() { cmd.Process.Kill() })
		<-ended
		kill.Stop()
	})
	target = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for deadline := time.Now().Add(patience); ; {
		if c, err := net.Dial("tcp", target); err == nil {
			c.Close()
			return target
		}
		select {
		case <-ended:
			t.Fatalf("%s has ended: %v", command[0], cmd.ProcessState)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen", command[0])
		}
	}
}

// A postgresServer can be started more than once, each time fresh.
type postgresServer struct {
	t   *testing.T
	bin string
	as  []string // before a command, to be another user: it refuses to be root
	dir string
}

func newPostgresServer(t *testing.T) *postgresServer {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		found = []string{filepath.Dir(peertest.NeedHeavy(t, "initdb")[0])}
	}
	dir, err := os.MkdirTemp("", "chancat-postgres") // not in t.TempDir, where no other user may look
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &postgresServer{t: t, bin: found[len(found)-1], dir: dir}
	if os.Getuid() == 0 {
		s.as = []string{peertest.Need(t, "setpriv")[0], "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"}
		runPeer(t, "", "chown", "postgres", dir)
	}
	return s
}

func (s *postgresServer) run(command ...string) {
	s.t.Helper()
	command = slices.Concat(s.as, command)
	runPeer(s.t, "", command[0], command[1:]...)
}

// start starts a fresh one, which speaks TLS too.
func (s *postgresServer) start(name string) (target string) {
	s.t.Helper()
	db := filepath.Join(s.dir, name)
	s.run(filepath.Join(s.bin, "initdb"), "-D", db, "-U", "tester", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
	s.run(peertest.NeedHeavy(s.t, "openssl")[0], "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
		"-keyout", filepath.Join(db, "server.key"), "-out", filepath.Join(db, "server.crt"))
	port := peertest.Port(s.t)
	target = runServer(s.t, port, slices.Concat(s.as, []string{filepath.Join(s.bin, "postgres"), "-D", db, "-p", strconv.Itoa(port),
		"-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "ssl=on"})...)
	// It listens before it has started, and until then sends clients away.
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		out, err := exec.Command(filepath.Join(s.bin, "pg_isready"), "-h", "127.0.0.1", "-p", strconv.Itoa(port)).CombinedOutput()
		if err == nil {
			return target
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("postgres does not start: %v\n%s", err, out)
		}
	}
}

func TestInteropTapPostgres(t *testing.T) {
	t.Parallel()
	psql := peertest.NeedHeavy(t, "psql")[0]
	postgres := newPostgresServer(t)
	target := postgres.start("first")
	ask := func(port, sslmode string) string {
		t.Helper()
		return runPeer(t, "CREATE TABLE t(n int);\nINSERT INTO t SELECT generate_series(1, 100);\nSELECT sum(n) FROM t;\nSELECT broken;\nDROP TABLE t;\n",
			psql, "-X", "host=127.0.0.1 port="+port+" user=tester dbname=postgres sslmode="+sslmode)
	}

	tap := startTap(t, "postgres", target)
	said := ask(tap.port, "disable")
	client, server, answers := pairs(t, tap.finish()) // start-up, 5 queries, the end
	if !strings.Contains(said, "5050") || client != 7 || server < 20 || answers < 6 {
		t.Errorf("%d from the client, %d from the server, %d answers\n%s", client, server, answers, said)
	}
	// A fresh server answers the same but for the key with which to cancel.
	out, status := chancat(t, "replay", tap.recording, postgres.start("second"))
	if status != 1 || !strings.Contains(out, "1 of ") {
		t.Errorf("a fresh server: exit status %d\n%s", status, out)
	}
	play := beside(t, "serve", tap.recording, "127.0.0.1:0")
	if again := ask(play.address[strings.LastIndex(play.address, ":")+1:], "disable"); again != said {
		t.Errorf("the recording said\n%s\nthe server had said\n%s", again, said)
	}
	play.stop(t)

	// psql prefers TLS, and what it then says nobody can read; all of it arrives.
	tap = startTap(t, "postgres", target)
	if got := ask(tap.port, "prefer"); got != said {
		t.Errorf("with TLS\n%s\nwithout\n%s", got, said)
	}
	events := tap.finish("PostgreSQL switches to TLS")
	if client, server, _ := pairs(t, events); client < 4 || server < 4 {
		t.Errorf("%d from the client, %d from the server", client, server)
	}
}

func TestInteropTapMariaDB(t *testing.T) {
	t.Parallel()
	client, server, install := peertest.NeedHeavy(t, "mariadb")[0], peertest.NeedHeavy(t, "mariadbd")[0], peertest.NeedHeavy(t, "mariadb-install-db")[0]
	user := "--user=" + strings.TrimSpace(runPeer(t, "", "id", "-un"))
	dir := t.TempDir()
	run := func(command ...string) { t.Helper(); runPeer(t, "", command[0], command[1:]...) }
	run(install, "--no-defaults", "--datadir="+dir+"/db", user, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
	run(peertest.NeedHeavy(t, "openssl")[0], "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", dir+"/key", "-out", dir+"/crt")
	port := peertest.Port(t)
	target := runServer(t, port, server, "--no-defaults", "--datadir="+dir+"/db", user, "--port="+strconv.Itoa(port), "--bind-address=127.0.0.1",
		"--socket="+dir+"/s", "--pid-file="+dir+"/pid", "--skip-name-resolve", "--ssl-key="+dir+"/key", "--ssl-cert="+dir+"/crt")
	ask := func(port string, options ...string) string {
		t.Helper()
		args := append([]string{"--no-defaults", "-h", "127.0.0.1", "-P", port, "-u", "root", "-f"}, options...)
		return runPeer(t, "SELECT 1+1;\nSELECT 'text', NULL;\nSELECT * FROM mysql.nothing;\n", client, args...)
	}

	tap := startTap(t, "mysql", target)
	said := ask(tap.port, "--skip-ssl")
	asked, answered, answers := pairs(t, tap.finish())
	if !strings.Contains(said, "text\tNULL") || asked < 5 || answered < 10 || answers < 4 {
		t.Errorf("%d from the client, %d from the server, %d answers\n%s", asked, answered, answers, said)
	}
	play := beside(t, "serve", tap.recording, "127.0.0.1:0")
	if again := ask(play.address[strings.LastIndex(play.address, ":")+1:], "--skip-ssl"); again != said {
		t.Errorf("the recording said\n%s\nthe server had said\n%s", again, said)
	}
	play.stop(t)

	tap = startTap(t, "mysql", target)
	if got := ask(tap.port, "--ssl"); got != said {
		t.Errorf("with TLS\n%s\nwithout\n%s", got, said)
	}
	pairs(t, tap.finish("MySQL switches to TLS"))
}
