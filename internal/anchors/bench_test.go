package main

import (
	"fmt"
	"math"
	"testing"
)

// BenchmarkStream has a batch of messages as its operation, since what buffers
// must flush at some time; the batch is large enough that this costs little.
func BenchmarkStream(b *testing.B) {
	for _, size := range sizes {
		batch := min(max(16<<20/size, 16), 100_000)
		for _, x := range contenders() {
			b.Run(fmt.Sprintf("size=%s/via=%s", bytesName(size), x.Name), func(b *testing.B) {
				near, far, err := x.Open(size)
				if err != nil {
					b.Fatal(err)
				}
				defer closeAll(near, far)
				msg := message(size)
				b.SetBytes(int64(batch * size))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := stream(near, far, msg, 1, batch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/msg")
			})
		}
	}
}

// BenchmarkPingPong has a round trip as its operation.
func BenchmarkPingPong(b *testing.B) {
	for _, size := range sizes {
		for _, x := range contenders() {
			if x.Name == natsPub.Name {
				continue // publishes only
			}
			b.Run(fmt.Sprintf("size=%s/via=%s", bytesName(size), x.Name), func(b *testing.B) {
				near, far, err := x.Open(size)
				if err != nil {
					b.Fatal(err)
				}
				defer closeAll(near, far)
				go far.Receive(math.MaxInt, func(m []byte) error { return far.Send(m, 1) })
				msg := message(size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if err := near.Send(msg, 1); err != nil {
						b.Fatal(err)
					}
					if err := near.Receive(1, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
