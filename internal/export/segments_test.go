package export_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/export"
	"github.com/chancat/channel/internal/peertest"
	"github.com/chancat/channel/internal/realtraffic"
	"github.com/chancat/channel/session"
)

// Real conversations are dissected whole when their segments are small, come out
// of order, twice, or with bytes that came before, and when connections follow one
// another between the same ports, each with an opening of its own.
func TestInteropExportWiresharkSegments(t *testing.T) {
	peertest.NeedHeavy(t, "tshark")
	t.Parallel()
	all, err := realtraffic.Load("../../testdata/recordings")
	if err != nil {
		t.Fatal(err)
	}
	for _, spelling := range []string{"postgres", "http2", "amqp", "ws", "resp", "lsp", "mqtt", "kafka", "nats"} {
		t.Run(spelling, func(t *testing.T) {
			t.Parallel()
			f, err := framing.Parse(spelling)
			if err != nil {
				t.Fatal(err)
			}
			var of []realtraffic.Conversation
			for _, c := range all {
				if c.Framing == spelling && c.Client.Bytes+c.Server.Bytes < 13_000 && len(of) < 3 {
					of = append(of, c)
				}
			}
			if len(of) < 2 {
				t.Fatalf("%d recordings that are small enough", len(of))
			}
			for _, size := range []int{2, 7, 100} {
				if size < 7 && of[0].Client.Bytes > 2000 {
					continue // takes long
				}
				t.Run(fmt.Sprint(size), func(t *testing.T) { dissectsSegments(t, f, of, size) })
			}
		})
	}
}

func dissectsSegments(t *testing.T, f framing.Framing, of []realtraffic.Conversation, size int) {
	directory := t.TempDir()
	text, err := export.Generate(f, "wireshark-lua")
	if err != nil {
		t.Fatal(err)
	}
	script, capture := filepath.Join(directory, "dissector.lua"), filepath.Join(directory, "capture.pcap")
	writeFile(t, script, text)
	w := newCapture()
	for _, c := range of {
		w.connection(&c, size)
	}
	if err := os.WriteFile(capture, w.file, 0o600); err != nil {
		t.Fatal(err)
	}
	name := "chancat_" + f.Spelling
	// In two passes, as Wireshark itself: frames are looked at again.
	cmd := exec.Command("tshark", "-2", "-r", capture, "-o", "tcp.reassemble_out_of_order:TRUE", "-X", "lua_script:"+script, "-d", fmt.Sprintf("tcp.port==%d,%s", serverPort, name),
		"-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", "-e", "tcp.stream", "-e", "tcp.srcport", "-e", name+".body", "-e", name+".broken")
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]map[session.Side][]string, len(of))
	for line := range strings.Lines(string(out)) {
		columns := strings.Split(strings.TrimRight(line, "\n"), "\t")
		var stream, port int
		if _, err := fmt.Sscan(columns[0], &stream); err != nil || stream >= len(of) {
			t.Fatalf("%d connections: got %q", len(of), line)
		}
		fmt.Sscan(columns[1], &port)
		side := session.Client
		if port == serverPort {
			side = session.Server
		}
		if columns[3] != "" {
			t.Fatalf("%s, from %s: broken: %s", of[stream].File, side, columns[3])
		}
		if got[stream] == nil {
			got[stream] = map[session.Side][]string{}
		}
		if columns[2] != "" {
			got[stream][side] = append(got[stream][side], strings.Split(columns[2], ",")...)
		}
	}
	for i, c := range of {
		for side, d := range map[session.Side]framing.Direction{session.Client: f.C2S, session.Server: f.S2C} {
			var want []string
			for _, frame := range frametest.Drain(strings.NewReader(string(c.Stream(side))), d.Codec, d.Max).Frames {
				if body := frame.Raw[frame.Span.Head : frame.Span.Head+frame.Span.Body]; len(body) > 0 {
					want = append(want, hex.EncodeToString([]byte(body)))
				}
			}
			if !slices.Equal(got[i][side], want) {
				t.Errorf("%s, from %s, segments of %d: got %.400v, want %.400v", c.File, side, size, got[i][side], want)
			}
		}
	}
}

const (
	clientPort, serverPort = 40000, 5555

	fin, syn, psh, ack = 1, 2, 8, 16
)

// A captureFile is a pcap file of raw IP packets, of connections that follow one
// another between the same two ports.
type captureFile struct {
	file        []byte
	packets     uint32
	connections uint32
}

type segment struct {
	from   session.Side
	seq    uint32
	offset int // of data in what the side sent
	data   []byte
}

func newCapture() *captureFile {
	w := &captureFile{}
	w.file = binary.LittleEndian.AppendUint32(w.file, 0xa1b2c3d4)
	w.file = binary.LittleEndian.AppendUint32(w.file, 4<<16|2)
	for _, v := range []uint32{0, 0, 1 << 18, 101} {
		w.file = binary.LittleEndian.AppendUint32(w.file, v)
	}
	return w
}

// connection writes what both sides of c sent in segments of size bytes, in
// disorder.
func (w *captureFile) connection(c *realtraffic.Conversation, size int) {
	w.connections++
	next := map[session.Side]uint32{session.Client: 1000 + w.connections*700_000, session.Server: 5000 + w.connections*900_000}
	control := func(from, to session.Side, flags byte) {
		w.packet(from, flags, next[from], next[to], nil)
		if flags&(syn|fin) != 0 {
			next[from]++
		}
	}
	control(session.Client, session.Server, syn)
	control(session.Server, session.Client, syn|ack)
	control(session.Client, session.Server, ack)
	var segments []segment
	sent := map[session.Side]int{}
	for _, r := range c.Reads {
		for data := range slices.Chunk(r.Data, size) {
			segments = append(segments, segment{r.From, next[r.From], sent[r.From], data})
			sent[r.From] += len(data)
			next[r.From] += uint32(len(data))
		}
	}
	for i := 0; i+1 < len(segments); i += 3 {
		if segments[i].from == segments[i+1].from {
			segments[i], segments[i+1] = segments[i+1], segments[i]
		}
	}
	for i, s := range segments {
		w.packet(s.from, psh|ack, s.seq, 1, s.data)
		switch {
		case i%7 == 0: // twice
			w.packet(s.from, psh|ack, s.seq, 1, s.data)
		case i%5 == 0: // again, with what came before
			before := min(s.offset, 9)
			w.packet(s.from, psh|ack, s.seq-uint32(before), 1, c.Stream(s.from)[s.offset-before:s.offset+len(s.data)])
		}
	}
	control(session.Client, session.Server, fin|ack)
	control(session.Server, session.Client, fin|ack)
	control(session.Client, session.Server, ack)
}

func (w *captureFile) packet(from session.Side, flags byte, seq, acked uint32, data []byte) {
	ports := []uint16{clientPort, serverPort}
	if from == session.Server {
		slices.Reverse(ports)
	}
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1}
	binary.BigEndian.PutUint16(ip[2:], uint16(40+len(data)))
	tcp := binary.BigEndian.AppendUint16(nil, ports[0])
	tcp = binary.BigEndian.AppendUint16(tcp, ports[1])
	tcp = binary.BigEndian.AppendUint32(tcp, seq)
	tcp = binary.BigEndian.AppendUint32(tcp, acked)
	tcp = append(tcp, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	w.packets++
	for _, v := range []uint32{1_700_000_000, w.packets, uint32(40 + len(data)), uint32(40 + len(data))} {
		w.file = binary.LittleEndian.AppendUint32(w.file, v)
	}
	w.file = slices.Concat(w.file, ip, tcp, data)
}
