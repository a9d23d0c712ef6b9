//go:build !race

package channel

import (
	"fmt"
	"testing"
)

// Sending and receiving allocate nothing, whatever the size.
func TestAllocs(t *testing.T) {
	for _, size := range []int{0, 1, 16, 1024, 30_000, 60_000, 1 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			client, server := tcpPair(t)
			a, b := New(client, nil), New(server, nil)
			msg := make([]byte, size)
			requests := make(chan int)
			defer close(requests)
			done := make(chan error)
			go func() {
				buf := make([]byte, 0, size)
				for range requests {
					_, err := b.RecvInto(buf)
					done <- err
				}
			}()
			for name, send := range map[string]func([]byte) error{"Send": a.Send, "SendBuffered": a.SendBuffered} {
				allocs := testing.AllocsPerRun(200, func() {
					requests <- 1
					if err := send(msg); err != nil {
						t.Error(err)
					}
					if err := <-done; err != nil {
						t.Error(err)
					}
				})
				if allocs != 0 {
					t.Errorf("%s and RecvInto: %v allocations a message", name, allocs)
				}
			}
		})
	}
}
