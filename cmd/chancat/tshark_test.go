package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/peertest"
	"github.com/chancat/channel/internal/realtraffic"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// complaints are the packets that tshark finds fault with.
const complaints = "tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.short"

func tshark(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("tshark", append([]string{"-o", "tcp.check_checksum:true", "-o", "ip.check_checksum:true"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, &stderr)
	}
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "Running as user") {
			t.Errorf("tshark: %s", line)
		}
	}
	return string(out)
}

// capture writes the recordings as a capture of as many connections.
func capture(t *testing.T, all []realtraffic.Conversation) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "capture.pcapng")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewWriter(f, &pcap.WriterOptions{Program: "chancat"})
	for i, c := range all {
		src, err := os.Open(filepath.Join(recordings(), filepath.FromSlash(c.File)))
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		for ev, err := range session.NewReader(src, 0).Events() {
			if err != nil {
				t.Fatal(err)
			}
			ev.Conn = i + 1
			ev.Local, ev.Remote = fmt.Sprintf("127.0.0.1:%d", 40000+i), "127.0.0.1:5555"
			if err := w.WriteEvent(&ev); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

// tshark finds nothing to complain of in a capture that we write, and the same
// streams in it.
func TestInteropTsharkReadsCaptures(t *testing.T) {
	peertest.NeedHeavy(t, "tshark")
	t.Parallel()
	all, err := realtraffic.Load(recordings())
	if err != nil {
		t.Fatal(err)
	}
	name := capture(t, all)
	if out := tshark(t, "-r", name, "-Y", complaints); out != "" {
		t.Errorf("it complains of\n%s", out)
	}
	args := []string{"-r", name, "-q"}
	for i := range all {
		args = append(args, "-z", fmt.Sprintf("follow,tcp,raw,%d", i))
	}
	followed := follow(t, tshark(t, args...))
	for i, c := range all {
		for side, from := range []session.Side{session.Client, session.Server} {
			if got := followed[i][side]; !bytes.Equal(got, c.Stream(from)) {
				t.Errorf("%s: from %s: %d bytes, or others, of %d", c.File, from, len(got), len(c.Stream(from)))
			}
		}
	}
}

// What --record writes of a conversation is that conversation for tshark.
func TestInteropTsharkReadsRecord(t *testing.T) {
	peertest.NeedHeavy(t, "tshark")
	t.Parallel()
	name := filepath.Join(t.TempDir(), "record.pcapng")
	cmd := exec.Command("chancat", "connect", "-f", "u32be", "--record", name, "echo:")
	cmd.Stdin = strings.NewReader("hello\nžluť\n\n" + strings.Repeat("x", 100_000) + "\n")
	cmd.Stderr = t.Output()
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if out := tshark(t, "-r", name, "-Y", complaints); out != "" {
		t.Errorf("it complains of\n%s", out)
	}
	want := []byte("\x00\x00\x00\x05hello\x00\x00\x00\x06žluť\x00\x00\x00\x00\x00\x01\x86\xa0" + strings.Repeat("x", 100_000))
	out := tshark(t, "-r", name, "-q", "-z", "follow,tcp,raw,0")
	// The server is at port 4000 of a made-up address.
	if got := follow(t, strings.ReplaceAll(out, ":4000\n", ":5555\n"))[0]; !bytes.Equal(got[0], want) || !bytes.Equal(got[1], want) {
		t.Errorf("%d bytes to the server and %d back, or others: want %d", len(got[0]), len(got[1]), len(want))
	}
}

// follow reads what tshark prints of streams: what the second node sent is behind
// a tab. The node that is named first is the one with the first data.
func follow(t *testing.T, out string) map[int][2][]byte {
	streams := map[int][2][]byte{}
	number, client := 0, 0
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		if n, ok := strings.CutPrefix(line, "Filter: tcp.stream eq "); ok {
			number, _ = strconv.Atoi(n)
			continue
		}
		if node, ok := strings.CutPrefix(line, "Node 0: "); ok {
			client = 0
			if strings.HasSuffix(node, ":5555") {
				client = 1
			}
			continue
		}
		text, second := strings.CutPrefix(line, "\t")
		data, err := hex.DecodeString(text)
		if err != nil {
			continue
		}
		side := client
		if second {
			side = 1 - client
		}
		both := streams[number]
		both[side] = append(both[side], data...)
		streams[number] = both
	}
	return streams
}

// decode finds in captures the messages that tshark's dissectors find, of the same
// lengths.
func TestInteropTsharkDissects(t *testing.T) {
	peertest.NeedHeavy(t, "tshark")
	t.Parallel()
	all, err := realtraffic.Load(recordings())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []struct {
		framing, dissector, field string
		less                      int // of what it counts is no body
	}{
		{"amqp", "amqp", "amqp.length", 0},
		{"bgp", "bgp", "bgp.length", 19},
		{"dns", "dns", "dns.length", 0},
		{"http2", "http2", "http2.length", 0},
		{"kafka", "kafka", "kafka.len", 0},
		{"modbus", "mbtcp", "mbtcp.len", 0},
		{"mongodb", "mongo", "mongo.message_length", 16},
		{"mqtt", "mqtt", "mqtt.len", 0},
		{"mysql", "mysql", "mysql.packet_length", 0},
		{"postgres", "pgsql", "pgsql.length", 4},
		{"thrift", "thrift", "thrift.frame_len", 0},
		{"tls", "tls", "tls.record.length", 0},
	} {
		t.Run(d.framing, func(t *testing.T) {
			var of []realtraffic.Conversation
			for _, c := range all {
				if c.Framing == d.framing {
					of = append(of, c)
				}
			}
			name := capture(t, of)
			seen := map[string][]int{} // by connection and side
			out := tshark(t, "-r", name, "-d", "tcp.port==5555,"+d.dissector, "-T", "fields",
				"-e", "tcp.stream", "-e", "tcp.dstport", "-e", d.field, "-E", "occurrence=a", "-E", "aggregator=,")
			for line := range strings.Lines(out) {
				columns := strings.Split(strings.TrimRight(line, "\n"), "\t")
				if len(columns) < 3 || columns[2] == "" {
					continue
				}
				conn, _ := strconv.Atoi(columns[0])
				key := fmt.Sprint(conn+1, " server")
				if columns[1] == "5555" {
					key = fmt.Sprint(conn+1, " client")
				}
				for n := range strings.SplitSeq(columns[2], ",") {
					length, err := strconv.Atoi(n)
					if err != nil {
						t.Fatalf("%q: %v", line, err)
					}
					seen[key] = append(seen[key], length-d.less)
				}
			}
			decoded := map[string][]int{}
			cmd := exec.Command("chancat", "decode", "--json", "-f", d.framing, name)
			cmd.Stderr = t.Output()
			text, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				var ev struct {
					Event, From     string
					Conn, Seq, Body int
				}
				if err := json.Unmarshal([]byte(line), &ev); err != nil {
					t.Fatal(err)
				}
				if ev.Event != "message" {
					continue
				}
				lengths := of[ev.Conn-1].Account(session.Side(ev.From)).Lengths
				if ev.Seq <= len(lengths) && lengths[ev.Seq-1] < 0 {
					continue // it has no length of its own
				}
				key := fmt.Sprint(ev.Conn, " ", ev.From)
				decoded[key] = append(decoded[key], ev.Body)
			}
			if len(seen) < len(of) {
				t.Errorf("tshark saw messages of %d directions only", len(seen))
			}
			for key, want := range seen {
				if !slices.Equal(decoded[key], want) {
					t.Errorf("connection %s: %v: want %v", key, decoded[key], want)
				}
			}
		})
	}
}
