package mutate

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestLayout(t *testing.T) {
	for _, c := range []struct {
		spelling, raw string
		head, body    int
		length        string
		parts         []string // of the cut before each byte, from the second on
	}{
		{"msg", "\r\nMSG 12\r\nping", 10, 4, "12", []string{"line end", "header", "header", "header", "header", "header",
			"digits", "header", "line end", "between header and body", "body", "body", "body"}},
		{"u32be", "\x00\x00\x00\x02hi", 4, 2, "\x00\x00\x00\x02", []string{"length", "length", "length", "between header and body", "body"}},
		{"netstring", "2:hi,", 2, 2, "2", []string{"header", "between header and body", "body", "between body and tail"}},
		{"line", "hi\n", 0, 2, "", []string{"body", "between body and tail"}},
		{"crlf", "hi\r\n", 0, 2, "", []string{"body", "between body and tail", "line end"}},
		{"resp", "*1\r\n$4\r\nPING\r\n", 8, 4, "4", nil},
		{"resp", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", 18, 0, "0", nil},
		{"resp", "PING\r\n", 0, 4, "", nil},
		{"nats", "PUB a 2\r\nhi\r\n", 9, 2, "2", nil},
		{"memcached", "cas k 0 0 3 77 noreply\r\n4\r\n\r\n", 24, 3, "3", nil},
		{"memcached", "set k 0 60 3\r\n4\r\n\r\n", 14, 3, "3", nil},
		{"fastdaemon", "\x00\x00\x00\x02hi\x00\x00\x00\x00", 4, 6, "\x00\x00\x00\x02", nil},
	} {
		f, err := framing.Parse(c.spelling)
		if err != nil {
			t.Fatal(err)
		}
		codec := f.C2S.Codec
		raw := []byte(c.raw)
		sp, _, err := codec.Scan(raw, &frame.State{})
		if err != nil {
			t.Fatal(c.spelling, err)
		}
		if c.spelling == "msg" {
			sp = frame.Span{Head: 10, Body: 4} // a length of two digits in few bytes
		}
		l := LayoutOf(frame.Frame{Raw: raw, Span: sp}, codec)
		if l.Head != c.head || l.Body != c.body || string(raw[l.LengthAt:l.LengthAt+l.Length]) != c.length {
			t.Errorf("%s %q: head %d, body %d, length %q", c.spelling, c.raw, l.Head, l.Body, raw[l.LengthAt:l.LengthAt+l.Length])
		}
		var parts []string
		for i := 1; i < len(raw); i++ {
			parts = append(parts, l.Part(raw, i))
		}
		if c.parts != nil && !slices.Equal(parts, c.parts) {
			t.Errorf("%s %q: %q", c.spelling, c.raw, parts)
		}
	}
}

// The lengths inside whole commands can be spoiled too.
func TestSpoilCounted(t *testing.T) {
	for _, c := range []struct{ spelling, raw, fault, want string }{
		{"resp", "*1\r\n$4\r\nPING\r\n", "length-1", "*1\r\n$3\r\nPING\r\n"},
		{"resp", "*1\r\n$4\r\nPING\r\n", "length-negative", "*1\r\n$-1\r\nPING\r\n"},
		{"nats", "PUB a 2\r\nhi\r\n", "length+10", "PUB a 12\r\nhi\r\n"},
		{"fastdaemon", "\x00\x00\x00\x02hi\x00\x00\x00\x00", "length+1", "\x00\x00\x00\x03hi\x00\x00\x00\x00"},
		{"fastdaemon", "\x00\x00\x00\x02hi\x00\x00\x00\x00", "length-huge", "\x7f\xff\xff\xffhi\x00\x00\x00\x00"},
	} {
		f, _ := framing.Parse(c.spelling)
		got, err := SpoilFrame(c.fault, frame.Frame{Raw: []byte(c.raw), Span: frame.Span{Body: len(c.raw)}}, f.C2S.Codec)
		if err != nil || string(got) != c.want {
			t.Errorf("%s %s: %q, %v", c.spelling, c.fault, got, err)
		}
	}
}

// Every frame has a layout that tiles it, whatever is in it, and every fault of it
// is made or refused.
// A frame full of numbers is looked through once: in quadratic time it would take
// longer than any test may.
func TestLayoutOfManyNumbers(t *testing.T) {
	raw := bytes.Repeat([]byte("a1"), 8<<20)
	raw = append(fmt.Appendf(nil, "$%d\r\n", len(raw)), append(raw, "\r\n"...)...)
	f := frame.Frame{Raw: raw, Span: frame.Span{Body: len(raw)}}
	if l := LayoutOf(f, framing.RESP); l.Body != 16<<20 {
		t.Errorf("a body of %d bytes", l.Body)
	}
}

func FuzzLayout(f *testing.F) {
	for _, s := range framing.All() {
		for _, m := range append(s.Messages, "hi") {
			if raw, err := s.Codec.AppendFrame(nil, []byte(m)); err == nil {
				f.Add(raw)
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 4096 {
			return
		}
		for _, s := range framing.All() {
			sp, need, err := s.Codec.Scan(raw, &frame.State{})
			if err != nil || need > 0 {
				continue
			}
			own := frame.Frame{Raw: raw[:sp.Len()], Span: sp}
			l := LayoutOf(own, s.Codec)
			if l.Head+l.Body+l.Tail != sp.Len() || l.LengthAt+l.Length > l.Head || min(l.Head, l.Body, l.Tail, l.Length) < 0 {
				t.Fatalf("%s %q: %+v", s.Spelling, own.Raw, l)
			}
			for i := 1; i < sp.Len(); i++ {
				l.Part(own.Raw, i)
			}
			for _, fault := range []string{"length-1", "length+1", "length-huge", "length-negative", "length-garbage"} {
				SpoilFrame(fault, own, s.Codec)
			}
		}
	})
}
