package export_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/export"
	"github.com/chancat/channel/internal/realtraffic"
	"github.com/chancat/channel/session"
)

// A testCase is a stream, and what the codec of its framing makes of it and of
// some messages. Exported codecs must make the same.
type testCase struct {
	Name     string
	Module   string
	TwoSided bool
	Side     string
	Input    []byte
	Messages [][]byte
	Error    []int64 // start and offset of what is broken; nil for a clean end
	Encode   []encoding

	frames  []frametest.Frame
	framing framing.Framing
}

type encoding struct {
	Message []byte
	Frame   []byte // nil: it is refused
}

// A suite is all cases, and the framings that they are about, by module.
type suite struct {
	cases   []testCase
	modules map[string]framing.Framing
	names   map[string]string // of the modules, by spelling
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{modules: map[string]framing.Framing{}, names: map[string]string{}}
	s.vectors(t)
	s.samples(t)
	s.recordings(t)
	return s
}

// add adds a case, whose results are those of the codec.
func (s *suite) add(name string, f framing.Framing, server bool, input []byte, messages []string) {
	module := s.names[f.Spelling]
	if module == "" {
		module = fmt.Sprintf("m%d", len(s.modules))
		s.names[f.Spelling] = module
		s.modules[module] = f
	}
	c := testCase{Name: f.Spelling + ": " + name, Module: module, Side: "client", Input: input, framing: f}
	d := f.C2S
	if server {
		c.Side, d = "server", f.S2C
	}
	got := frametest.Drain(bytes.NewReader(input), d.Codec, d.Max)
	c.frames = got.Frames
	for _, m := range got.Frames {
		c.Messages = append(c.Messages, []byte(m.Message))
		messages = append(messages, m.Message)
	}
	if got.Error != nil {
		c.Error = []int64{got.Error.Start, got.Error.Offset}
		if got.Error.Cause == frame.CauseTooLarge {
			c.Error[1] = got.Error.Start // they do not say where the length is
		}
	}
	for _, m := range messages {
		e := encoding{Message: []byte(m)}
		if raw, err := d.Codec.AppendFrame(nil, e.Message); err == nil {
			e.Frame = raw
		}
		c.Encode = append(c.Encode, e)
	}
	s.cases = append(s.cases, c)
}

// vectors are those of package framing.
func (s *suite) vectors(t *testing.T) {
	t.Helper()
	all, err := frametest.ReadVectors(os.DirFS("../../framing/testdata/vectors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		f, err := framing.Parse(v.Framing)
		if err != nil {
			t.Fatal(err)
		}
		if v.Max != frametest.NoMax {
			f.C2S.Max, f.S2C.Max, f.Spelling = v.Max, v.Max, fmt.Sprintf("%s,max=%d", f.Spelling, v.Max)
		}
		s.add(v.File+" "+v.Name, f, v.Server, v.Input, nil)
	}
}

var awkward = []string{"", "hi", "a\r\nb", "\x00", "\xff\xfe\xc0\xdb", ";", "--END--", "--END-", "\r\n", "12", "{}", " {}", "[1", "\"\n\"", "PING\r\n",
	strings.Repeat("x", 253), strings.Repeat("x", 254), strings.Repeat("x", 300) + "\x00", strings.Repeat("ab\x00", 500),
	strings.Repeat("x", 70_000), "\x00\x00\x00\x02hi"}

// samples are messages of every framing, sent by both sides.
func (s *suite) samples(t *testing.T) {
	t.Helper()
	pairs := []framing.Sample{{Spelling: "u8/line"}, {Spelling: "u32be,at=1/ws"}, {Spelling: "ws/nats"}, {Spelling: "slip/cobs,max=99"},
		{Spelling: "u24le,at=3,skip=2,incl,tail=crc16"}, {Spelling: "resp/postgres"}, {Spelling: "dns,max=300/dns,max=99"}}
	for _, sample := range append(framing.All(), pairs...) {
		if sample.Side != "" {
			continue
		}
		f, err := framing.Parse(sample.Spelling)
		if err != nil {
			t.Fatal(err)
		}
		for _, server := range []bool{false, true} {
			d, own := f.C2S, sample.Messages
			if server {
				d = f.S2C
				if sample.ServerMessages != nil {
					own = sample.ServerMessages
				}
			}
			messages := append(own[:len(own):len(own)], awkward...)
			var stream []byte
			for _, m := range messages {
				if raw, err := d.Codec.AppendFrame(stream, []byte(m)); err == nil && len(m) <= d.Max {
					stream = raw
				}
			}
			s.add("samples", f, server, stream, messages)
		}
	}
}

// recordings are conversations of real services.
func (s *suite) recordings(t *testing.T) {
	t.Helper()
	all, err := realtraffic.Load("../../testdata/recordings")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		f, err := framing.Parse(c.Framing)
		if err != nil {
			t.Fatal(err)
		}
		for side, from := range []session.Side{session.Client, session.Server} {
			s.add(c.File, f, side == 1, c.Stream(from), nil)
		}
	}
}

// write writes the modules in a language, and the cases.
func (s *suite) write(t *testing.T, language string, name func(module string) string) (directory string, texts map[string]string) {
	t.Helper()
	directory = t.TempDir()
	texts = map[string]string{}
	for module, f := range s.modules {
		text, err := export.Generate(f, language)
		if err != nil {
			t.Fatalf("%s: %v", f.Spelling, err)
		}
		texts[module] = string(text)
		writeFile(t, filepath.Join(directory, name(module)), text)
	}
	for i, c := range s.cases {
		text := texts[c.Module]
		s.cases[i].TwoSided = strings.Contains(text, "type Side int") || strings.Contains(text, "side: str")
	}
	cases, err := json.Marshal(s.cases)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(directory, "cases.json"), cases)
	return directory, texts
}

func writeFile(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
