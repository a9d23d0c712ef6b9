package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A starter is a command that connects, sends one message, prints the answer
// and exits. PORT stands for the port of the service that answers.
type starter struct {
	name    string
	argv    []string
	stdin   string
	want    string // on standard output; empty for any
	service func() (port string, stop func(), err error)
}

// startCell starts each program reps times.
func startCell(dir, chancat string, reps int) Cell {
	const input = "hello\n"
	starters := []starter{
		{"chancat", []string{chancat, "send", "-r", "1", "127.0.0.1:PORT", "hello"}, "", input, echo},
		{"nc.openbsd", strings.Fields("nc.openbsd -N 127.0.0.1 PORT"), input, input, echo},
		{"socat", strings.Fields("socat STDIO TCP:127.0.0.1:PORT"), input, input, echo},
		{"redis-cli PING", strings.Fields("redis-cli -p PORT PING"), "", "PONG\n", redis},
		// It may exit without having printed the answer.
		{"wscat", strings.Fields("wscat -c ws://127.0.0.1:PORT/ -x hello -w 0"), "", "", func() (string, func(), error) {
			return service(chancat, "listen", "--echo", "ws://127.0.0.1:PORT/")
		}},
		{"true", []string{"true"}, "", "", echo},
	}
	c := Cell{Name: "tool/start", Reps: reps, Metrics: []Metric{{Name: "all", Time: true}}}
	for _, s := range starters {
		c.Entrants = append(c.Entrants, s.entrant(dir))
	}
	c.Goals = []Goal{
		slower("G13", "chancat", "socat", 1.0),
		slower("G13", "chancat", "redis-cli PING", 0.75),
		slower("G13", "chancat", "nc.openbsd", 1.6),
		slower("G13", "chancat", "wscat", 1.0/30),
	}
	return c
}

func (s starter) entrant(dir string) Entrant {
	if !installed(s.argv[0]) {
		return Entrant{Name: s.name}
	}
	return Entrant{Name: s.name, Open: func() (Run, error) {
		port, stop, err := s.service()
		if err != nil {
			return Run{}, err
		}
		return Run{Close: stop, Measure: func() ([]float64, error) {
			d, err := s.start(dir, port)
			return []float64{float64(d)}, err
		}}, nil
	}}
}

// start runs the command once. Input and output are files, so that nothing in
// this process takes part.
func (s starter) start(dir, port string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stdin, stdout := filepath.Join(dir, "stdin"), filepath.Join(dir, "stdout")
	if err := os.WriteFile(stdin, []byte(s.stdin), 0o600); err != nil {
		return 0, err
	}
	in, err := os.Open(stdin)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.Create(stdout)
	if err != nil {
		return 0, err
	}
	defer out.Close()

	p := program(ctx, withPort(s.argv, port), in, out)
	began := time.Now()
	if err := p.start(); err != nil {
		return 0, err
	}
	err = p.wait()
	d := time.Since(began)
	if err != nil {
		return 0, err
	}
	got, err := os.ReadFile(stdout)
	if err == nil && s.want != "" && string(got) != s.want {
		err = fmt.Errorf("%s printed %q, want %q", s.name, got, s.want)
	}
	return d, err
}

// echo is a service in this process that sends back what it receives.
func echo() (port string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	return port, func() { l.Close() }, err
}
