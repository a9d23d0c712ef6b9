package realtraffic_test

import (
	"bytes"
	"io"
	"os"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/realtraffic"
	"github.com/chancat/channel/session"
)

// directory has the recordings; CHANCAT_RECORDINGS is another one, of recordings
// that were made just now.
func directory() string {
	if d := os.Getenv("CHANCAT_RECORDINGS"); d != "" {
		return d
	}
	return "../../testdata/recordings"
}

// What each side of each conversation sent is messages from the first byte to the
// last, as many and as long as others see in it.
func TestRecordings(t *testing.T) {
	all, err := realtraffic.Load(directory())
	if err != nil {
		t.Fatal(err)
	}
	streams, services := 0, map[string]bool{}
	for _, c := range all {
		services[c.Service] = true
		f, err := framing.Parse(c.Framing)
		if err != nil {
			t.Errorf("%s: %v", c.File, err)
			continue
		}
		for from, d := range map[session.Side]framing.Direction{session.Client: f.C2S, session.Server: f.S2C} {
			stream, want := c.Stream(from), c.Account(from)
			if len(stream) != want.Bytes {
				t.Errorf("%s: %s: %d bytes, and %d in the index", c.File, from, len(stream), want.Bytes)
			}
			if len(stream) > 0 {
				streams++
			}
			for name, src := range map[string]io.Reader{
				"as it came":   &chunked{c.Chunks(from)},
				"byte by byte": iotest.OneByteReader(&chunked{c.Chunks(from)}),
			} {
				t.Run(c.File+"/"+string(from)+"/"+name, func(t *testing.T) { decodes(t, src, d, stream, want) })
			}
			if e := f.Either; e.Codec != nil {
				t.Run(c.File+"/"+string(from)+"/direction unknown", func(t *testing.T) {
					decodes(t, &chunked{[][]byte{stream}}, e, stream, want)
				})
			}
		}
	}
	if len(services) < 25 || streams < 180 {
		t.Errorf("%d streams of %d services: want at least 180 of 25", streams, len(services))
	}
}

func decodes(t *testing.T, src io.Reader, d framing.Direction, stream []byte, want realtraffic.Account) {
	var end int64
	var bodies []int
	r := frame.NewReader(src, d.Codec, d.Max)
	for f, err := range r.Frames() {
		if err != nil {
			t.Fatalf("after %d messages: %v", len(bodies), err)
		}
		if f.Offset != end || string(f.Raw) != string(stream[end:end+int64(len(f.Raw))]) {
			t.Fatalf("a frame of %d bytes at %d, behind one that ends at %d, or of other bytes", len(f.Raw), f.Offset, end)
		}
		end += int64(len(f.Raw))
		bodies = append(bodies, f.Span.Body)
	}
	// RabbitMQ ends a frame of STOMP with a newline, which is none of the next frame.
	if rest := bytes.Trim(stream[end:], "\n"); len(rest) > 0 {
		t.Errorf("the frames end at byte %d of %d", end, len(stream))
	}
	if len(bodies) != want.Messages {
		t.Errorf("%d messages: want %d", len(bodies), want.Messages)
	}
	if want.Lengths == nil {
		return
	}
	if !slices.EqualFunc(bodies, want.Lengths, func(got, want int) bool { return want < 0 || got == want }) {
		t.Errorf("lengths %v: want %v", bodies, want.Lengths)
	}
}

// chunked gives its chunks one a read.
type chunked struct{ chunks [][]byte }

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.chunks[0])
	if c.chunks[0] = c.chunks[0][n:]; len(c.chunks[0]) == 0 {
		c.chunks = c.chunks[1:]
	}
	return n, nil
}
