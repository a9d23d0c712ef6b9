package detect_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/chancat/channel/detect"
)

// BenchmarkDetect asks about streams of several sizes and kinds.
func BenchmarkDetect(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	kinds := []struct {
		name string
		next func() []byte
	}{
		{"u32be", func() []byte {
			body := make([]byte, r.IntN(400))
			return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
		}},
		{"line", func() []byte { return fmt.Appendf(nil, "a line of text number %d\n", r.IntN(1e6)) }},
		{"zeros", func() []byte { return make([]byte, 4096) }},
		{"cobs", func() []byte { return append(bytes.Repeat([]byte{2}, 30_000), 0) }},
		{"random", func() []byte { return binary.BigEndian.AppendUint64(nil, r.Uint64()) }},
	}
	for _, k := range kinds {
		for _, size := range []int{10 << 10, 10 << 20} {
			var data []byte
			for len(data) < size {
				data = append(data, k.next()...)
			}
			b.Run(fmt.Sprintf("%s/%d", k.name, size), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					detect.Detect([]detect.Stream{{Data: data, Ended: true}})
				}
			})
		}
	}
}
