package detect_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// brokenBytes is a stream of about n bytes with a fault at the middle and one kind of
// fault in each case.
func brokenBytes(kind string, n int) (string, []byte) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var b []byte
	put := func(body []byte, claim int) {
		b = append(binary.BigEndian.AppendUint32(b, uint32(claim)), body...)
	}
	switch kind {
	case "chars":
		for i := 0; len(b) < n; i++ {
			body := fmt.Appendf(nil, `{"id":%d,"text":%q}`, i, word(r, 40))
			claim := len(body)
			if len(b) > n/2 && i%4 == 0 {
				body = append(body, "é"...)
				claim++
			}
			put(body, claim)
		}
	case "every":
		for i := 0; len(b) < n; i++ {
			body := messageBody(r, 0)
			put(body, len(body)+1)
		}
	case "random":
		b = make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
	case "zeros":
		b = append(make([]byte, n), 0xff)
	case "msg":
		for len(b) < n {
			body := messageBody(r, 2)
			if len(b) > n/2 && len(b) < n/2+200 {
				b = append(b, "a line of a log\n"...)
			}
			b = fmt.Appendf(b, "\r\nMSG %d\r\n%s", len(body), body)
		}
		return "msg", b
	case "line":
		for len(b) < n {
			b = append(append(b, messageBody(r, 0)...), '\n')
		}
		return "line", append(bytes.Clone(b), "oops\n"...)
	case "beats":
		return "stomp", append(bytes.Repeat([]byte("\n"), n), "SENX\n\n\x00"...)
	case "brackets":
		return "json", bytes.Repeat([]byte("[["), n/2)
	case "memcached":
		return "memcached", bytes.Repeat([]byte("set a b "), n/8)
	}
	return "u32be", b
}

func BenchmarkExplain(b *testing.B) {
	for _, kind := range []string{"chars", "every", "random", "zeros", "msg", "line", "beats", "brackets", "memcached"} {
		for _, n := range []int{10 << 10, 10 << 20} {
			spelling, data := brokenBytes(kind, n)
			f, err := framing.Parse(spelling)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%dKiB", kind, n>>10), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					detect.Explain(f, detect.Stream{Data: data, Ended: true})
				}
			})
		}
	}
}
