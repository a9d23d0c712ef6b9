package detect_test

import (
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// FuzzDetect asks about any bytes, cut into two streams. What is decided must
// parse and tile.
func FuzzDetect(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x05hello\x00\x00\x00\x03abc\x00\x00\x00\x01x"), uint16(0), true)
	f.Add([]byte("a line\nanother\nand one more\n"), uint16(7), true)
	f.Add(make([]byte, 300), uint16(100), false)
	f.Add([]byte("5:hello,3:abc,"), uint16(0), false)
	f.Add([]byte("\xc0\xdb\xdc\xc0\xc0hi\xc0"), uint16(3), true)
	f.Fuzz(func(t *testing.T, data []byte, cut uint16, ended bool) {
		if len(data) > 4<<10 {
			return
		}
		at := min(int(cut), len(data))
		streams := []detect.Stream{{Data: data[at:], Ended: ended, From: detect.Server, Conn: 1}}
		if at > 0 {
			streams = append(streams, detect.Stream{Data: data[:at], Ended: ended, From: detect.Client, Conn: 1})
		}
		a := detect.Detect(streams)
		for i, c := range a.Candidates {
			if c.Score < 0 || c.Score > 1 {
				t.Fatalf("%s: score %v", c.Framing, c.Score)
			}
			g, err := framing.Parse(c.Framing)
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 || !a.Decided {
				continue
			}
			for _, s := range streams {
				if tiling := detect.Tile(s, g, 0); len(s.Data) > 0 && !tiling.Whole() {
					t.Fatalf("decided for %s, which breaks: %v", c.Framing, tiling.Err)
				}
			}
		}
	})
}
