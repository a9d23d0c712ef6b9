package channel

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/peertest"
)

// What a program like the original Channel copes with: no empty message at the
// end, nothing that a single recv could cut.
var interopMessages = []string{"Hello World", "žluťoučký", "\r\nMSG 3\r\nabc", " ", strings.Repeat("x", 60_000)}

func TestInteropChannelServer(t *testing.T) {
	peertest.Need(t, "python3")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", "testdata/peers/channel.py", "serve")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("it printed no port")
	}
	ch, err := Dial(ctx, "127.0.0.1:"+lines.Text(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	for _, want := range interopMessages {
		if err := ch.Send([]byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := ch.Recv(); string(got) != want || err != nil {
			t.Fatalf("%.20q came back as %.20q, %v", want, got, err)
		}
	}
	if err := ch.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if lines.Scan(); lines.Text() != "Socket was closed while reading line" {
		t.Errorf("it ended with %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestInteropChannelClient(t *testing.T) {
	peertest.Need(t, "python3")
	address, _ := serve(t, "127.0.0.1:0", Options{})
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "tcp://"), ":")
	cmd := exec.Command("python3", append([]string{"testdata/peers/channel.py", "call", port}, interopMessages...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, m := range interopMessages {
		fmt.Fprintln(&want, hex.EncodeToString([]byte(m)))
	}
	if string(out) != want.String() {
		t.Errorf("it received %.200q", out)
	}
}

// A capture is a recording of two programs; testdata/captures/README.md says how
// it is written.
type capture struct {
	Chunks []struct {
		Dir string
		Hex string
	}
	Decoded []said
}

// said is one message of a capture: its bytes, only their number, or the pieces
// in which its frame was written.
type said struct {
	Dir             string
	Payload         string   `json:"payload_hex"`
	ExpectedPayload string   `json:"expected_payload_hex"`
	PayloadLen      int      `json:"payload_len"`
	ExpectedLen     int      `json:"expected_len"`
	RawPieces       []string `json:"raw_pieces"`
	Closed          string
}

func (s said) is(t *testing.T, msg []byte) bool {
	switch {
	case s.PayloadLen+s.ExpectedLen > 0:
		return len(msg) == s.PayloadLen+s.ExpectedLen
	case s.RawPieces != nil:
		return bytes.HasSuffix(unhex(t, strings.Join(s.RawPieces, "")), append([]byte("\r\n"), msg...))
	}
	return bytes.Equal(msg, unhex(t, s.Payload+s.ExpectedPayload))
}

// Recordings of the original Channel decode to what its programs said.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob("testdata/captures/gist_*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c capture
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{"c2s", "s2c"} {
				c.decodes(t, dir)
			}
		})
	}
}

func (c capture) decodes(t *testing.T, dir string) {
	var stream []byte
	for _, chunk := range c.Chunks {
		if chunk.Dir == dir {
			stream = append(stream, unhex(t, chunk.Hex)...)
		}
	}
	want := slices.DeleteFunc(slices.Clone(c.Decoded), func(s said) bool { return s.Dir != dir || s.Closed != "" })
	n := 0
	r := frame.NewReader(bytes.NewReader(stream), framing.MSG, framing.DefaultMax)
	for f, err := range r.Frames() {
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		if n >= len(want) || !want[n].is(t, r.Message(f)) {
			t.Errorf("%s: message %d is %.40q", dir, n+1, r.Message(f))
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%s: %d messages, want %d", dir, n, len(want))
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
