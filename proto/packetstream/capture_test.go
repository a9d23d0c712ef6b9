package packetstream

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A recording is of one connection; testdata/captures/README.md says how it is
// written.
type recording struct {
	turns   []part
	decoded []decoded
	closes  bool // the client half-closes before the server has ended
}

type part struct {
	client bool
	raw    []byte
}

type decoded struct {
	Dir        string
	IsRequest  bool `json:"is_request"`
	Channel    uint64
	Tag        uint64
	Flags      uint64
	WireType   *uint64 `json:"rq_type_wire"`
	Hex        string
	Special    string
	OK         *bool
	ReplyFlags uint64 `json:"reply_flags"`
	Payload    string `json:"payload_hex"`
	PayloadLen int    `json:"payload_len"`
}

func captures(t *testing.T) map[string]recording {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/captures/packetstream_*.json")
	if err != nil || len(paths) < 17 {
		t.Fatal(paths, err)
	}
	all := map[string]recording{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Chunks []struct{ Dir, Hex string }
			Closes []struct {
				Dir        string
				AfterChunk int `json:"after_chunk"`
			}
			Decoded []decoded
		}
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(path, err)
		}
		r := recording{decoded: c.Decoded, closes: c.Closes[0].Dir == "c2s"}
		for _, chunk := range c.Chunks {
			r.turns = append(r.turns, part{chunk.Dir == "c2s", unhex(t, chunk.Hex)})
		}
		all[strings.TrimPrefix(strings.TrimSuffix(filepath.Base(path), ".json"), "packetstream_")] = r
	}
	return all
}

func (r recording) stream(client bool) (all []byte) {
	for _, turn := range r.turns {
		if turn.client == client {
			all = append(all, turn.raw...)
		}
	}
	return all
}

// Each packet of each recording is read as what it was, and written as it stood.
func TestCapturesDecode(t *testing.T) {
	for name, r := range captures(t) {
		for _, client := range []bool{true, false} {
			dir := map[bool]string{true: "c2s", false: "s2c"}[client]
			rest := r.stream(client)
			for _, want := range r.decoded {
				if want.Dir != dir || want.Hex == "" && want.PayloadLen == 0 {
					continue
				}
				p, n, err := Scan(rest)
				if err != nil {
					if !strings.Contains(name, "short_packet") && !strings.Contains(name, "truncated") {
						t.Errorf("%s: %+v: %v", name, want, err)
					}
					rest = nil
					break
				}
				wireType := uint64(0)
				if want.WireType != nil {
					wireType = *want.WireType
				}
				if p.Request != want.IsRequest || p.Channel != want.Channel || p.Tag != want.Tag || p.Flags != want.Flags || p.Type != wireType ||
					p.IsEOF() != (want.Special == "EOF") || p.IsERQ() != (want.Special == "ERQ") {
					t.Errorf("%s: %v, want %+v", name, &p, want)
				}
				if want.OK != nil && (p.OK() != *want.OK || p.ReplyFlags() != want.ReplyFlags) {
					t.Errorf("%s: %v, want %+v", name, &p, want)
				}
				if want.PayloadLen == 0 && hex.EncodeToString(p.Payload) != want.Payload {
					t.Errorf("%s: payload %x, want %s", name, p.Payload, want.Payload)
				}
				if again, err := p.AppendFrame(nil); err != nil || !bytes.Equal(again, rest[:n]) {
					t.Errorf("%s: %x, %v", name, again, err)
				}
				rest = rest[n:]
			}
			if len(rest) > 0 && !strings.Contains(name, "short_packet") && !strings.Contains(name, "truncated") {
				t.Errorf("%s: %x is not decoded", name, rest)
			}
		}
	}
}

// harness answers as the server of the recordings did. A request of type 7 is slow:
// its answer follows when others are done, or soon.
func harness(others int32) Handler {
	var left atomic.Int32
	left.Store(others)
	return func(ctx context.Context, r Request) (Reply, error) {
		switch r.Type {
		case 3:
			return Reply{Payload: []byte("text: žluť")}, nil
		case 4:
			return Reply{}, nil
		case 7:
			for left.Load() > 0 && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			return Reply{Payload: r.Payload}, nil
		}
		left.Add(-1)
		return Reply{Payload: r.Payload}, nil
	}
}

// ours are the answers of our server where the real one loses some, because of tags
// that are used twice: docs/wire.md has it.
var ours = map[string]string{
	"raw_dup_tag": "2202006368616e6e656c20303a2074616720616c726561647920696e207573653a2032" + "060204736c6f77" +
		"2202006368616e6e656c20303a2074616720616c726561647920696e207573653a2032" + "0301020003000200",
	"raw_tag_reuse": "0702046669727374" + "2202006368616e6e656c20303a2074616720616c726561647920696e207573653a2032" + "0703047468697264" +
		"0301020003000200",
}

// Our server, given the client's side of a recording, answers with its bytes.
func TestCapturesAgainstServer(t *testing.T) {
	for name, r := range captures(t) {
		o := Options{Handler: harness(0), Workers: 1} // in order, so that the bytes are certain
		switch name {
		case "norq":
			o.Handler = nil
		case "pipeline":
			o.Handler, o.Workers = harness(5), 4
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan struct{})
		go func() {
			defer close(served)
			(&Server{Options: o}).Serve(ctx, l)
		}()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(patience))
		want := r.stream(false)
		var got []byte
		for i, turn := range r.turns {
			if turn.client {
				conn.Write(turn.raw) // the server may have ended
				continue
			}
			last := i+1 == len(r.turns)
			if last && r.closes {
				conn.(*net.TCPConn).CloseWrite()
			}
			if last || ours[name] != "" {
				continue
			}
			answer := make([]byte, len(turn.raw))
			n, err := io.ReadFull(conn, answer)
			if got = append(got, answer[:n]...); err != nil {
				t.Errorf("%s: turn %d: %v", name, i, err)
			}
		}
		rest, _ := io.ReadAll(conn)
		got = append(got, rest...)
		conn.Close()
		if text, ok := ours[name]; ok {
			want = unhex(t, text)
		}
		if name == "pipeline" || ours[name] != "" { // what runs at once is answered in any order
			slices.Sort(want)
			slices.Sort(got)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n%.200x, want\n%.200x", name, got, want)
		}
		stop()
		wait(t, served)
	}
}

// Our client, asked for the requests of a recording, sends the bytes that the real
// one sent, and reads the recorded answers.
func TestCapturesAgainstClient(t *testing.T) {
	all := captures(t)
	for _, name := range []string{"basic", "channel", "idle", "large", "norq", "pipeline"} {
		r := all[name]
		x, y := tcpPair(t)
		sent := make(chan []byte, 1)
		go func() {
			defer y.Close()
			y.SetDeadline(time.Now().Add(patience))
			var all []byte
			for _, turn := range r.turns {
				if !turn.client {
					y.Write(turn.raw)
					continue
				}
				raw := make([]byte, len(turn.raw))
				n, _ := io.ReadFull(y, raw)
				all = append(all, raw[:n]...)
			}
			sent <- all
		}()
		want := r.stream(true)
		if name == "channel" { // a hand-written request: tags of other channels begin at 0
			want[1] = 0
			r.turns[1].raw[1] = 0
		}
		c := New(x, nil)
		replayAsClient(t, name, c, r)
		if got := <-sent; !bytes.Equal(got, want) {
			t.Errorf("%s: it sent\n%.200x, want\n%.200x", name, got, want)
		}
		c.Close()
		wait(t, c.Done())
	}
}

func replayAsClient(t *testing.T, name string, c *Conn, r recording) {
	var pending []*Pending
	for _, turn := range r.turns {
		for rest := turn.raw; len(rest) > 0; {
			p, n, err := Scan(rest)
			if err != nil {
				t.Fatal(name, err)
			}
			rest = rest[n:]
			switch {
			case !turn.client && !p.Request:
				i := slices.IndexFunc(pending, func(q *Pending) bool { return q.Tag() == p.Tag })
				if i < 0 {
					continue
				}
				reply, err := pending[i].Wait(within(t))
				if no, ok := errors.AsType[*RejectError](err); ok != !p.OK() || ok && no.Text != string(p.Payload) {
					t.Errorf("%s: %v, want %v", name, err, &p)
				}
				if err == nil && (!bytes.Equal(reply.Payload, p.Payload) || reply.Flags != p.ReplyFlags()) {
					t.Errorf("%s: %.100q, want %.100q", name, reply.Payload, p.Payload)
				}
			case turn.client && p.Type > 0:
				q, err := c.Submit(within(t), Request{Type: p.Type - 1, Flags: p.Flags, Channel: p.Channel, Payload: p.Payload})
				if err != nil {
					t.Fatal(name, err)
				}
				pending = append(pending, q)
			case turn.client && p.IsEOF():
				if err := c.Shutdown(within(t)); err != nil {
					t.Error(name, err)
				}
			}
		}
	}
}
