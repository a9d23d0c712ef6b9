package packetstream

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"reflect"
	"testing"

	"github.com/chancat/channel/frame"
)

// golden are the packets of docs/wire.md, and some at the borders.
var golden = []struct {
	frame  string
	packet Packet
}{
	{"0802020168656c6c6f", Packet{Request: true, Tag: 2, Type: 1, Payload: []byte("hello")}},
	{"07020468656c6c6f", Packet{Tag: 2, Flags: okFlag, Payload: []byte("hello")}},
	{"0702825602616263", Packet{Request: true, Tag: 2, Type: 2, Flags: 0x55, Payload: []byte("abc")}},
	{"0602810c636261", Packet{Tag: 2, Flags: 0x11<<1 | okFlag, Payload: []byte("cba")}},
	{"1a0500657863657074696f6e20647572696e672068616e646c6572", Packet{Tag: 5, Payload: []byte(RejectException)}},
	{"050103030178", Packet{Request: true, Tag: 1, Channel: 3, Type: 1, Payload: []byte("x")}},
	{"050203000171", Packet{Request: true, Tag: 2, Type: 1, Payload: []byte("q"), ExplicitChannel: true}},
	{"020304", Packet{Tag: 3, Flags: okFlag, Payload: []byte{}}},
	{"04810002 01", Packet{Request: true, Tag: 128, Type: 1, Payload: []byte{}}},
	{"03000200", Packet{Request: true, Payload: []byte{}}},
	{"03010200", Packet{Request: true, Tag: 1, Payload: []byte{}}},
	{"1e 81ffffffffffffffff7f 81ffffffffffffffff7f 81ffffffffffffffff7f",
		Packet{Request: true, Tag: math.MaxUint64, Channel: math.MaxUint64, Flags: math.MaxUint64 >> 2, Payload: nil}},
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(text), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGolden(t *testing.T) {
	for _, g := range golden[:len(golden)-1] {
		raw := unhex(t, g.frame)
		p, n, err := Scan(append(raw[:len(raw):len(raw)], "behind"...))
		if err != nil || n != len(raw) || !reflect.DeepEqual(p, g.packet) {
			t.Errorf("%s: %+v, %d, %v; want %+v", g.frame, p, n, err, g.packet)
		}
		if got, err := g.packet.AppendFrame([]byte("before")); err != nil || string(got) != "before"+string(raw) {
			t.Errorf("%s: %x, %v", g.frame, got, err)
		}
		if body, err := g.packet.AppendBody(nil); err != nil || string(body) != string(raw[1:]) {
			t.Errorf("%s: %x, %v", g.frame, body, err)
		}
	}
}

func TestSpecialPackets(t *testing.T) {
	for _, c := range []struct {
		p    Packet
		want string
	}{{EOF(), "EOF"}, {ERQ(), "ERQ"}} {
		if c.p.String() != c.want || c.p.IsEOF() != (c.want == "EOF") || c.p.IsERQ() != (c.want == "ERQ") {
			t.Errorf("%v is not %s", &c.p, c.want)
		}
	}
	for _, p := range []Packet{
		{Request: true, Tag: 7}, {Request: true, Flags: 1}, {Request: true, Channel: 1},
		{Request: true, Payload: []byte("x")}, {}, {Request: true, Type: 1},
	} {
		if p.IsEOF() || p.IsERQ() && p.Tag != 1 {
			t.Errorf("%v", &p)
		}
	}
}

func TestBrokenPackets(t *testing.T) {
	for _, c := range []struct {
		frame  string
		offset int64
		text   string
	}{
		{"00", 1, "frame at byte 0: byte 1: malformed frame: tag: got the end of the packet, want a number"},
		{"0105", 2, "frame at byte 0: byte 2: malformed frame: flags: got the end of the packet, want a number"},
		{"020502", 3, "frame at byte 0: byte 3: malformed frame: type: got the end of the packet, want a number"},
		{"020501", 3, "frame at byte 0: byte 3: malformed frame: channel: got the end of the packet, want a number"},
		{"028180", 3, "frame at byte 0: byte 3: malformed frame: tag: got the end of the packet, want a number"},
		{"0c 8080808080808080808001 04", 11, "frame at byte 0: byte 11: malformed frame: tag: more than 10 bytes"},
		{"0b ffffffffffffffffff7f 04", 10, "frame at byte 0: byte 10: malformed frame: tag: more than 64 bits"},
	} {
		_, n, err := Scan(unhex(t, c.frame))
		var e *frame.Error
		if n != 0 || !errors.As(err, &e) || e.Offset != c.offset || !errors.Is(err, frame.ErrSyntax) || err.Error() != c.text {
			t.Errorf("%s: %d, %v; want %s", c.frame, n, err, c.text)
		}
	}
	whole := unhex(t, golden[2].frame)
	for cut := range whole {
		if _, n, err := Scan(whole[:cut]); n != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%x: %d, %v", whole[:cut], n, err)
		}
	}
}

func TestUnsendable(t *testing.T) {
	for _, p := range []Packet{{Flags: 1 << 62}, {Type: 1}} {
		if dst, err := p.AppendFrame([]byte("x")); !errors.Is(err, frame.ErrUnsendable) || string(dst) != "x" {
			t.Errorf("%v: %q, %v", &p, dst, err)
		}
		if dst, err := p.AppendBody([]byte("x")); !errors.Is(err, frame.ErrUnsendable) || string(dst) != "x" {
			t.Errorf("%v: %q, %v", &p, dst, err)
		}
	}
}

// What can be read can be written, and reads the same again; what cannot has an
// error that points into the data.
func FuzzScan(f *testing.F) {
	for _, g := range golden {
		f.Add(unhex(f, g.frame))
	}
	for _, text := range []string{"00", "0105", "0c808080808080808080800104", "0bffffffffffffffffff7f04", "8003000200", "04800102 01"} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, n, err := Scan(data)
		if err != nil {
			var e *frame.Error
			if !errors.As(err, &e) || e.Start != 0 || e.Offset < 0 || e.Offset > int64(len(data)) {
				t.Fatalf("%x: %v", data, err)
			}
			return
		}
		again, err := p.AppendFrame(nil)
		if err != nil || len(again) > n {
			t.Fatalf("%x: %x, %v", data[:n], again, err)
		}
		q, m, err := Scan(again)
		if err != nil || m != len(again) || !reflect.DeepEqual(p, q) {
			t.Fatalf("%x: %+v, then %+v, %v", data[:n], p, q, err)
		}
		if len(again) == n && !bytes.Equal(again, data[:n]) { // longer ones have leading zeros
			t.Fatalf("%x: %x", data[:n], again)
		}
	})
}

func TestTagSet(t *testing.T) {
	for _, tags := range [][]uint64{
		{2, 3, 4, 3, 5}, {5, 4, 3, 2, 2, 5}, {1, 3, 5, 2, 4, 1, 2, 3, 4, 5}, {0, math.MaxUint64, 0, math.MaxUint64}, {7, 7},
		{10, 20, 15, 12, 11, 14, 13, 16, 19, 17, 18, 10, 20, 14},
	} {
		var s tagSet
		used := map[uint64]bool{}
		for _, tag := range tags {
			if got := s.add(tag); got == used[tag] {
				t.Errorf("%v: %d is new: %t", tags, tag, got)
			}
			used[tag] = true
		}
	}
	var s tagSet
	for tag := range uint64(10 * spansMost) {
		if !s.add(2 * tag) {
			t.Fatal(tag)
		}
	}
	if len(s.spans) != spansMost {
		t.Error(len(s.spans))
	}
}
