package pcap_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/peertest"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

func written(t *testing.T, o *pcap.WriterOptions, events ...session.Event) []byte {
	t.Helper()
	var file bytes.Buffer
	w := pcap.NewWriter(&file, o)
	for i := range events {
		if events[i].Time.IsZero() {
			events[i].Time = noon
		}
		if err := w.WriteEvent(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

var dialogue = []session.Event{
	{Kind: session.Session, Framing: "line"},
	{Kind: session.Open, Conn: 1, Local: "10.0.0.1:40000", Remote: "10.0.0.2:5000"},
	{Kind: session.Open, Conn: 2, Local: "[::1]:40000", Remote: "[::1]:5000"},
	{Kind: session.Read, Conn: 1, From: session.Client, N: 5, Data: []byte("hello")},
	{Kind: session.Message, Conn: 1, From: session.Client, Data: []byte("hello")},
	{Kind: session.Read, Conn: 2, From: session.Client, N: 3, Data: []byte("odd")},
	{Kind: session.Read, Conn: 1, From: session.Server, N: 2, Data: []byte("hi")},
	{Kind: session.Close, Conn: 1, From: session.Client, Reason: "eof"},
	{Kind: session.Read, Conn: 1, From: session.Server, N: 4, Data: []byte("late")},
	{Kind: session.Close, Conn: 1, From: session.Server, Reason: "eof"},
	{Kind: session.Close, Conn: 2, From: session.Server, Reason: "reset"},
	{Kind: session.Close, Conn: 2, From: session.Client, Reason: "eof"}, // of what is over
}

func TestWriter(t *testing.T) {
	file := written(t, &pcap.WriterOptions{Program: "chancat test"}, dialogue...)
	stats := tells(t, file, ends, "2 [::1]:40000-[::1]:5000", "1 client hello", "2 client odd", "1 server hi",
		"1 client eof", "1 server late", "1 server eof", "2 server reset")
	if stats.Duplicate+stats.OutOfOrder+stats.Lost != 0 {
		t.Errorf("%+v", stats)
	}
	for e, err := range pcap.NewReader(bytes.NewReader(file), nil).Events() {
		if err != nil || !e.Time.Equal(noon) {
			t.Fatalf("%v, %v", e, err)
		}
	}
	if !bytes.Contains(file, []byte("chancat test")) {
		t.Error("the program is not named")
	}
}

func TestWriterEnds(t *testing.T) {
	message := session.Event{Kind: session.Message, Conn: 1, From: session.Client, Data: []byte("m")}
	open := session.Event{Kind: session.Open, Conn: 1, Local: "127.0.0.1:5000", Remote: "127.0.0.1:40000"}
	const turned = "1 127.0.0.1:40000-127.0.0.1:5000"
	tells(t, written(t, nil, open, message), turned, "1 client m")
	tells(t, written(t, &pcap.WriterOptions{Local: session.Server}, open, message), turned, "1 client m")
	tells(t, written(t, &pcap.WriterOptions{Local: session.Client}, open, message), "1 127.0.0.1:5000-127.0.0.1:40000", "1 client m")
	open.Local, open.Remote = "", "unix:/run/x"
	tells(t, written(t, nil, open, message), "1 10.1.0.0:49153-10.0.0.1:4000", "1 client m")
	tells(t, written(t, nil, message), "1 10.1.0.0:49153-10.0.0.1:4000", "1 client m")
}

func TestWriterLargeRead(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789"), 30000)
	tells(t, written(t, nil, session.Event{Kind: session.Read, Conn: 1, From: session.Server, N: len(large), Data: large}),
		"1 10.1.0.0:49153-10.0.0.1:4000", "1 server "+string(large))
}

// Memory does not grow with the connections of which one end is told.
func TestWriterForgets(t *testing.T) {
	var events []session.Event
	for i := range 1500 {
		events = append(events,
			session.Event{Kind: session.Open, Conn: i + 1},
			session.Event{Kind: session.Close, Conn: i + 1, From: session.Client, Reason: "eof"})
	}
	got, _, err := told(t, written(t, nil, events...), nil)
	if err != nil || !slices.Contains(got, "1 server eof") || slices.Contains(got, "1500 server eof") {
		t.Errorf("%v, %d lines", err, len(got))
	}
}

type closedWriter struct{ calls int }

func (w *closedWriter) Write([]byte) (int, error) {
	w.calls++
	return 0, io.ErrClosedPipe
}

func TestWriterErrorIsSticky(t *testing.T) {
	var dst closedWriter
	w := pcap.NewWriter(&dst, nil)
	first := w.Flush()
	if !errors.Is(first, io.ErrClosedPipe) || w.WriteEvent(&dialogue[1]) != first || w.Flush() != first || dst.calls != 1 {
		t.Errorf("%v after %d calls", first, dst.calls)
	}
}

// The checksums of IP and TCP add up, over payloads of even and odd length.
func TestWriterChecksums(t *testing.T) {
	folded := func(parts ...[]byte) uint16 {
		sum := 0
		for i, b := range slices.Concat(parts...) {
			sum += int(b) << (8 * (1 - i%2))
		}
		return uint16(sum % 0xffff) // all ones are 0
	}
	le := binary.LittleEndian
	packets := 0
	large := session.Event{Kind: session.Read, Conn: 1, From: session.Client, N: 64000, Data: bytes.Repeat([]byte{0xff}, 64000)}
	for file := written(t, nil, append(slices.Clone(dialogue[:7]), large)...); len(file) > 0; {
		block := file[:le.Uint32(file[4:])]
		file = file[len(block):]
		if le.Uint32(block) != 6 {
			continue
		}
		packets++
		ip := block[28:][:le.Uint32(block[20:])][14:]
		addresses, segment := ip[12:20], ip[20:]
		if ip[0]>>4 == 6 {
			addresses, segment = ip[8:40], ip[40:]
		} else if sum := folded(ip[:20]); sum != 0 {
			t.Errorf("packet %d: IP adds up to %#04x", packets, sum)
		}
		pseudo := binary.BigEndian.AppendUint32(nil, uint32(len(segment)))
		if sum := folded(addresses, pseudo, []byte{0, 6}, segment); sum != 0 {
			t.Errorf("packet %d: TCP adds up to %#04x", packets, sum)
		}
	}
	if packets != 10 {
		t.Errorf("%d packets", packets)
	}
}

// tcpdump finds no fault with the checksums and sees the same conversation.
func TestInteropTcpdump(t *testing.T) {
	program := peertest.NeedHeavy(t, "tcpdump")[0]
	name := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(name, written(t, nil, dialogue...), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-nn", "-vv", "-r", name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := string(out)
	if n := strings.Count(text, "(correct)"); n != 15 || strings.Contains(text, "incorrect") || strings.Contains(text, "bad cksum") {
		t.Errorf("%d correct checksums:\n%s", n, text)
	}
	flags := regexp.MustCompile(`10\.0\.0\.\d\.\d+: Flags (\[[^]]*\])`).FindAllStringSubmatch(text, -1)
	var got []string
	for _, f := range flags {
		got = append(got, f[1])
	}
	if want := []string{"[S]", "[S.]", "[.]", "[P.]", "[P.]", "[F.]", "[.]", "[P.]", "[F.]", "[.]"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v\n%s", got, want, text)
	}
}
