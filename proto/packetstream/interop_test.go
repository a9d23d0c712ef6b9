package packetstream

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

const peer = "../../testdata/peers/packetstream.py"

// pythonServer starts the stand-in and returns its address.
func pythonServer(t *testing.T, args ...string) string {
	t.Helper()
	python := peertest.Need(t, "python3")[0]
	cmd := exec.Command(python, append([]string{peer, "serve"}, args...)...)
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

func dial(t *testing.T, address string, o *Options) *Conn {
	t.Helper()
	stream, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := New(stream, o)
	t.Cleanup(func() {
		c.Close()
		wait(t, c.Done())
	})
	return c
}

func TestInteropServer(t *testing.T) {
	c := dial(t, pythonServer(t), &Options{Handler: echo})
	large := bytes.Repeat([]byte("0123456789"), 100_000)
	for _, call := range []struct {
		request Request
		reply   Reply
	}{
		{Request{Payload: []byte("hello")}, Reply{Payload: []byte("hello")}},
		{Request{}, Reply{}},
		{Request{Payload: large}, Reply{Payload: large}},
		{Request{Type: 1, Flags: 0x55, Payload: []byte("abc")}, Reply{Flags: 0x11, Payload: []byte("cba")}},
		{Request{Type: 3}, Reply{Payload: []byte("text: žluť")}},
		{Request{Type: 4}, Reply{}},
		{Request{Type: 7, Flags: 1 << 60}, Reply{Flags: 1 << 60}},
		{Request{Type: 8, Payload: []byte("and back")}, Reply{Payload: []byte("and back")}},
	} {
		r, err := c.Call(within(t), call.request)
		if err != nil || !bytes.Equal(r.Payload, call.reply.Payload) || r.Flags != call.reply.Flags {
			t.Errorf("%d: %.40q, %#x, %v", call.request.Type, r.Payload, r.Flags, err)
		}
	}
	wantRejected(t, c, Request{Type: 9}, RejectException)
	wantRejected(t, c, Request{Channel: 3}, RejectChannel)
	var pending []*Pending
	for i := range 300 { // tags of two bytes
		p, err := c.Submit(within(t), Request{Type: uint64(i % 50 / 49 * 7), Payload: fmt.Append(nil, i)})
		if err != nil {
			t.Fatal(err)
		}
		pending = append(pending, p)
	}
	for i, p := range pending {
		if r, err := p.Wait(within(t)); err != nil || string(r.Payload) != fmt.Sprint(i) {
			t.Errorf("%d: %q, %v", i, r.Payload, err)
		}
	}
	if err := c.Shutdown(within(t)); err != nil {
		t.Error(err)
	}

	d := dial(t, pythonServer(t, "norq"), nil)
	wantRejected(t, d, Request{}, RejectNoHandler)
}

func TestInteropClient(t *testing.T) {
	python := peertest.Need(t, "python3")[0]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, l, func(ctx context.Context, r Request) (Reply, error) {
			switch r.Type {
			case 0:
				return echo(ctx, r)
			case 1: // the client answers, while it waits
				return FromContext(ctx).Call(ctx, Request{Type: 1, Payload: r.Payload})
			}
			return Reply{}, errors.New("a secret")
		})
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	long, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(long, python, peer, "call", port, "0:0x55:hello", "0:0:", "1:0:abc", "2:0:x", "0:1:ž")
	cmd.Stderr, cmd.WaitDelay = os.Stderr, time.Second
	out, err := cmd.Output() // it would hang without our EOF
	const want = `[[true, 85, "hello"], [true, 0, ""], [true, 17, "cba"], [false, 0, "exception during handler"], [true, 1, "ž"]]`
	var got, wanted any
	if err != nil || json.Unmarshal(out, &got) != nil || json.Unmarshal([]byte(want), &wanted) != nil || fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("%s, %v", out, err)
	}
	stop()
	<-served
}
