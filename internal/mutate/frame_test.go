package mutate

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func framed(t *testing.T, spelling, body string) (frame.Frame, frame.Codec) {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	c := f.C2S.Codec
	raw, err := c.AppendFrame(nil, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	sp, _, err := c.Scan(raw, &frame.State{})
	if err != nil {
		t.Fatal(err)
	}
	return frame.Frame{Raw: raw, Span: sp}, c
}

func TestSpoilFrame(t *testing.T) {
	for _, c := range []struct{ spelling, kind, want string }{
		{"msg", "length+1", "\r\nMSG 6\r\nhello"},
		{"msg", "length-1", "\r\nMSG 4\r\nhello"},
		{"msg", "length+995", "\r\nMSG 1000\r\nhello"},
		{"msg", "length-negative", "\r\nMSG -1\r\nhello"},
		{"msg", "length-huge", "\r\nMSG 999999999\r\nhello"},
		{"msg", "length-garbage", "\r\nMSG x1\r\nhello"},
		{"msg", "truncate", "\r\nMSG 5\r\nhell"},
		{"msg", "truncate=3", "\r\nM"},
		{"msg", "head-only", "\r\nMSG 5\r\n"},
		{"msg", "twice", "\r\nMSG 5\r\nhello\r\nMSG 5\r\nhello"},
		{"msg", "corrupt", "\r\nMSG 5X\nhello"},
		{"u32be", "length+1", "\x00\x00\x00\x06hello"},
		{"u32be", "length-negative", "\xff\xff\xff\xffhello"},
		{"u32be", "length-huge", "\x7f\xff\xff\xffhello"},
		{"u32be", "length-garbage", "garbhello"},
		{"u32be,incl", "length-1", "\x00\x00\x00\x08hello"},
		{"u32le", "length-huge", "\xff\xff\xff\x7fhello"},
		{"u16be", "length-huge", "\x7f\xffhello"},
		{"u8", "length-huge", "\x7fhello"},
		{"varint", "length+1", "\x06hello"},
		{"varint", "length-huge", "\xff\xff\xff\xff\x07hello"},
		{"netstring", "length+1", "6:hello,"},
		{"netstring", "length-negative", "-1:hello,"},
		{"line", "truncate", "hello"},
	} {
		t.Run(c.spelling+" "+c.kind, func(t *testing.T) {
			f, codec := framed(t, c.spelling, "hello")
			before := string(f.Raw)
			got, err := SpoilFrame(c.kind, f, codec)
			if err != nil || string(got) != c.want {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
			if string(f.Raw) != before {
				t.Error("the frame itself is changed")
			}
		})
	}
}

func TestSpoilFrameRefuses(t *testing.T) {
	f, c := framed(t, "msg", "hello")
	for _, kind := range []string{"", "length", "length+", "length+0", "length-6", "length-odd", "truncate=99", "truncate=x", "nonsense"} {
		if got, err := SpoilFrame(kind, f, c); err == nil {
			t.Errorf("%s: %q", kind, got)
		}
	}
	line, c := framed(t, "line", "hello")
	if _, err := SpoilFrame("length+1", line, c); err == nil || !strings.Contains(err.Error(), "declares no length") {
		t.Errorf("%v", err)
	}
}

// A wrong length is no frame of that body for any framing that declares one.
func TestSpoiledLengths(t *testing.T) {
	for _, s := range framing.All() {
		if _, ok := s.Codec.(frame.LengthLocator); !ok || len(s.Messages) > 0 {
			continue
		}
		raw, err := s.Codec.AppendFrame(nil, []byte("hello"))
		if err != nil {
			continue
		}
		sp, need, err := s.Codec.Scan(raw, &frame.State{})
		if err != nil || need > 0 {
			continue
		}
		for _, kind := range []string{"length+1", "length-negative", "length-huge", "length-garbage"} {
			bad, err := SpoilFrame(kind, frame.Frame{Raw: raw, Span: sp}, s.Codec)
			if err != nil {
				continue // it cannot declare that
			}
			r := frame.NewReader(strings.NewReader(string(bad)), s.Codec, 1<<20)
			if f, err := r.Next(); err == nil && string(f.Raw) == string(raw) || errors.Is(err, io.EOF) && err == io.EOF {
				t.Errorf("%s %s: %q is read as %q, %v", s.Spelling, kind, bad, f.Raw, err)
			}
		}
	}
}
