package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A transport is a pair of commands of which one sends what it reads from
// standard input and the other writes that to standard output. In both, PORT
// stands for a free port of 127.0.0.1.
type transport struct {
	name            string
	listen, connect []string
}

func byteTransport(name, listen, connect string) transport {
	return transport{name, strings.Fields(listen), strings.Fields(connect)}
}

// transferCell carries file through each of transports.
func transferCell(name, dir string, file lineFile, transports []transport) Cell {
	c := Cell{Name: name, Metrics: []Metric{{Name: "all", Time: true}}}
	input := sync.OnceValues(func() (string, error) { return file.write(dir, file.appendLine) })
	for _, t := range transports {
		e := Entrant{Name: t.name}
		if installed(t.listen[0], t.connect[0]) {
			e.Open = func() (Run, error) {
				path, err := input()
				if err != nil {
					return Run{}, err
				}
				if err := t.verify(path, filepath.Join(dir, "output")); err != nil {
					return Run{}, err
				}
				return Run{Close: func() {}, Measure: func() ([]float64, error) {
					d, err := t.carry(path, os.DevNull)
					return []float64{float64(d)}, err
				}}, nil
			}
		}
		c.Entrants = append(c.Entrants, e)
	}
	return c
}

// carry sends the file input through t into the file output, and returns the
// time from the start of the sender until both sides have exited.
func (t transport) carry(input, output string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel() // ends the receiver after an error
	out, err := os.Create(output)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	receiver := program(ctx, withPort(t.listen, port), nil, out)
	if err := receiver.start(); err != nil {
		return 0, err
	}
	if err := waitListening(port); err != nil {
		cancel()
		return 0, errors.Join(err, receiver.wait())
	}
	start := time.Now()
	if err := feed(ctx, input, withPort(t.connect, port), nil); err != nil {
		cancel()
		return 0, errors.Join(err, receiver.wait())
	}
	err = receiver.wait()
	return time.Since(start), err
}

// verify carries input once and compares what arrived.
func (t transport) verify(input, output string) error {
	defer os.Remove(output)
	if _, err := t.carry(input, output); err != nil {
		return err
	}
	if out, err := exec.Command("cmp", input, output).CombinedOutput(); err != nil {
		return fmt.Errorf("what arrived differs: %s", bytes.TrimSpace(out))
	}
	return nil
}

// feed runs "cat FILE | ARGV" and waits for its end.
func feed(ctx context.Context, file string, argv []string, out *os.File) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cat, to := program(ctx, []string{"cat", file}, nil, w), program(ctx, argv, r, out)
	err = errors.Join(cat.start(), to.start())
	closeAll(r, w) // ours; the programs have their own
	return errors.Join(err, to.wait(), cat.wait())
}

// publish sends the lines of file to a Redis server as one pipeline of PUBLISH.
func publish(name, dir string, file lineFile) Entrant {
	if !installed("redis-cli", "redis-server") {
		return Entrant{Name: name}
	}
	return Entrant{Name: name, Open: func() (Run, error) {
		path, err := file.write(dir, func(dst []byte, i int) []byte {
			dst = fmt.Appendf(dst, "*3\r\n$7\r\nPUBLISH\r\n$7\r\nanchors\r\n$%d\r\n", file.size)
			dst = file.appendLine(dst, i)
			return append(dst[:len(dst)-1], "\r\n"...)
		})
		if err != nil {
			return Run{}, err
		}
		port, stop, err := redis()
		if err != nil {
			return Run{}, err
		}
		answers := filepath.Join(dir, "answers")
		return Run{Close: stop, Measure: func() ([]float64, error) {
			out, err := os.Create(answers)
			if err != nil {
				return nil, err
			}
			defer out.Close()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			start := time.Now()
			err = feed(ctx, path, []string{"redis-cli", "-p", port, "--pipe"}, out)
			d := time.Since(start)
			if err != nil {
				return nil, err
			}
			got, err := os.ReadFile(answers)
			if want := fmt.Sprintf("errors: 0, replies: %d", file.count); err == nil && !bytes.Contains(got, []byte(want)) {
				err = fmt.Errorf("redis-cli printed %q, want %q", got, want)
			}
			return []float64{float64(d)}, err
		}}, nil
	}}
}

// A lineFile is a file of count lines, each of size bytes before its line feed
// and numbered so that no two are alike.
type lineFile struct{ count, size int }

func (f lineFile) appendLine(dst []byte, i int) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, "%010d ", i)
	dst = append(dst, message(f.size-(len(dst)-start))...)
	return append(dst, '\n')
}

// write makes a file in dir of what line appends for each number.
func (f lineFile) write(dir string, line func(dst []byte, i int) []byte) (path string, err error) {
	file, err := os.CreateTemp(dir, "input")
	if err != nil {
		return "", err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	var buf []byte
	for i := range f.count {
		buf = line(buf[:0], i)
		w.Write(buf) // Flush has its error
	}
	return file.Name(), w.Flush()
}
