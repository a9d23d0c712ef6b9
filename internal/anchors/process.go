package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// patience bounds one run of one program.
const patience = 3 * time.Minute

// A process is a program that this one started and ends.
type process struct {
	*exec.Cmd
	stderr bytes.Buffer
}

// program prepares argv. The end of ctx kills it; in and out may be nil.
func program(ctx context.Context, argv []string, in, out *os.File) *process {
	p := &process{Cmd: exec.CommandContext(ctx, argv[0], argv[1:]...)}
	p.Cmd.Stderr = &p.stderr
	if in != nil {
		p.Stdin = in
	}
	if out != nil {
		p.Stdout = out
	}
	return p
}

func (p *process) start() error {
	if err := p.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Args[0], err)
	}
	return nil
}

func (p *process) wait() error {
	if p.Process == nil {
		return nil // start has told why
	}
	if err := p.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(p.Args, " "), err, bytes.TrimSpace(p.stderr.Bytes()))
	}
	return nil
}

// service starts argv and waits until it listens on its port, for which PORT
// stands.
func service(argv ...string) (port string, stop func(), err error) {
	port, err = freePort()
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := program(ctx, withPort(argv, port), nil, nil)
	if err := p.start(); err != nil {
		cancel()
		return "", nil, err
	}
	stop = func() {
		cancel()
		p.wait()
	}
	if err := waitListening(port); err != nil {
		stop()
		return "", nil, fmt.Errorf("%s: %w", argv[0], err)
	}
	return port, stop, nil
}

// redis is a Redis server that keeps nothing.
func redis() (port string, stop func(), err error) {
	return service("redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
}

// freePort returns a port of 127.0.0.1 that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

func withPort(argv []string, port string) []string {
	with := make([]string, len(argv))
	for i, a := range argv {
		with[i] = strings.ReplaceAll(a, "PORT", port)
	}
	return with
}

// waitListening waits until somebody listens on port of 127.0.0.1. It asks the
// kernel (Linux only), since a trial connection would be the one that a listener
// for one client serves.
func waitListening(port string) error {
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	listening := fmt.Sprintf(" 0100007F:%04X 00000000:0000 0A ", n)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			return err
		}
		if bytes.Contains(table, []byte(listening)) {
			return nil
		}
	}
	return fmt.Errorf("nobody listens on 127.0.0.1:%s after 10 s", port)
}
