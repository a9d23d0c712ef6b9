package framing_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// What a preset says that it is, it is: the spelling makes the same frames and
// reads them the same.
func TestPresets(t *testing.T) {
	for _, s := range framing.Specs() {
		if s.Preset == "" {
			continue
		}
		spelled := codec(t, s.Preset)
		for _, d := range []framing.Direction{parse(t, s.Name).C2S, parse(t, s.Name).S2C} {
			for _, msg := range []string{"", "hi", strings.Repeat("x", 60_000)} {
				got, err := d.Codec.AppendFrame(nil, []byte(msg))
				want, spelledErr := spelled.AppendFrame(nil, []byte(msg))
				if err != nil || spelledErr != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %.20q is %.40x (%v), with %s %.40x (%v)", s.Name, msg, got, err, s.Preset, want, spelledErr)
				}
				a, _, err := d.Codec.Scan(got, &frame.State{})
				b, _, _ := spelled.Scan(got, &frame.State{})
				if a != b || err != nil {
					t.Errorf("%s: %.40x is %+v (%v), with %s %+v", s.Name, got, a, err, s.Preset, b)
				}
			}
		}
	}
}

func TestPresetRefusals(t *testing.T) {
	testEncode(t, []encodeTest{
		{"postgres", "select 1\x00", "d\x00\x00\x00\rselect 1\x00", ""},
		{"mqtt", "\x00\x01thi", "0\x05\x00\x01thi", ""},
		{"dns", strings.Repeat("x", 65_536), "", "65536 bytes; a u16 length holds at most 65535"},
		{"bgp", strings.Repeat("x", 65_517), "", "65517 bytes, so the length is 65536; a u16 length holds at most 65535"},
		{"varint,width=1", strings.Repeat("x", 128), "", "128 bytes; a varint length holds at most 127"},
	})
	testSpelling(t, map[string]string{
		"postgres,at=1":   `unknown option "at"; postgres knows max=SIZE`,
		"varint,width=0":  "width=0: want a number from 1 to 10",
		"varint,width=11": "width=11: want a number from 1 to 10",
		"bsuint,width=4":  `unknown option "width"; bsuint knows at=N skip=N adjust=±N incl tail=N|crc16|crc32|sum8 lead=HEX pad=HEX trail=HEX magic=HEX max=SIZE`,
		"nativemessagin":  `unknown name "nativemessagin"; did you mean "nativemessaging"?`,
	})
}

// Where the direction is unknown, what either side may send is read the same.
func TestEither(t *testing.T) {
	seen := map[string]int{}
	for _, v := range vectors(t) {
		f := parse(t, v.Framing)
		if f.C2S.Codec == f.S2C.Codec || v.Want.Error != nil {
			continue
		}
		v.Check(t, f.Either.Codec, f.Either.Max)
		seen[v.Framing]++
	}
	for _, name := range []string{"ws", "postgres", "http2"} {
		if seen[name] == 0 {
			t.Errorf("no vector of %s was read", name)
		}
	}
}

// A server's S or N is a frame at once: nothing follows it before the client has
// gone on.
func TestPostgresAnswer(t *testing.T) {
	for _, answer := range []string{"S", "N", "G"} {
		sp, need, err := framing.PostgresServer.(frame.FirstScanner).ScanFirst([]byte(answer), &frame.State{})
		if sp != (frame.Span{Body: 1}) || need != 0 || err != nil {
			t.Errorf("%s: %+v, need %d, error %v", answer, sp, need, err)
		}
	}
}

// A pair takes each side from its own spelling.
func TestPairOfSides(t *testing.T) {
	f := parse(t, "ws,max=1K/ws,max=2K")
	if f.C2S.Codec != framing.WS || f.S2C.Codec != framing.WSServer || f.C2S.Max != 1<<10 || f.S2C.Max != 2<<10 {
		t.Errorf("got %+v", f)
	}
	if f := parse(t, "msg/postgres"); f.C2S.Codec != framing.MSG || f.S2C.Codec != framing.PostgresServer {
		t.Errorf("got %+v", f)
	}
}
