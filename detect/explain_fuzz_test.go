package detect_test

import (
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// Whatever the bytes, an explanation comes, and its offsets lie in the stream.
func FuzzExplain(f *testing.F) {
	f.Add([]byte("\r\nMSG 2\r\nhi\r\nMXG 1\r\nx"), uint8(0), true)
	f.Add([]byte("\x00\x00\x00\x02hi\x16\x03\x01\x00\xf1\x01"), uint8(40), true)
	f.Add([]byte("{\"a\":1}\n{\n \"b\":2\n}\nlog\n"), uint8(17), false)
	all := framing.All()
	f.Fuzz(func(t *testing.T, data []byte, which uint8, ended bool) {
		sample := all[int(which)%len(all)]
		frames, err := framing.Parse(sample.Spelling)
		if err != nil {
			t.Fatal(err)
		}
		d := detect.Explain(frames, detect.Stream{Data: data, Ended: ended})
		if d.OK == (len(d.Causes) > 0) {
			t.Fatalf("ok is %v with %d causes", d.OK, len(d.Causes))
		}
		if d.Offset < 0 || d.Offset > d.At && d.Err != nil || d.At > int64(len(data)) || d.Messages < 0 {
			t.Fatalf("frame at %d, stuck at %d after %d messages, in %d bytes", d.Offset, d.At, d.Messages, len(data))
		}
		total := 0.0
		for _, x := range d.Causes {
			if x.Cause == "" || x.Score < 0 || x.Score > 1 || x.Then < 0 {
				t.Fatalf("explanation %+v", x)
			}
			total += x.Score
		}
		if total > 1.05 {
			t.Fatalf("scores of %.2f together", total)
		}
	})
}
