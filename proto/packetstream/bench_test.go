package packetstream

import (
	"context"
	"fmt"
	"net/rpc"
	"sync"
	"testing"

	"github.com/chancat/channel"
)

const benchPayload = 64 // bytes

// BenchmarkCalls has that many calls in flight, each from a goroutine of its own,
// beside net/rpc with gob doing the same.
func BenchmarkCalls(b *testing.B) {
	for _, inFlight := range []int{1, 64} {
		b.Run(fmt.Sprintf("packetstream/%d", inFlight), func(b *testing.B) {
			c, _ := pair(b, nil, &Options{Handler: echo})
			payload := make([]byte, benchPayload)
			flood(b, inFlight, func() error {
				_, err := c.Call(context.Background(), Request{Payload: payload})
				return err
			})
		})
		b.Run(fmt.Sprintf("rpc/%d", inFlight), func(b *testing.B) {
			x, y := tcpPair(b)
			s := rpc.NewServer()
			if err := s.Register(&Echo{}); err != nil {
				b.Fatal(err)
			}
			go s.ServeConn(y)
			c := rpc.NewClient(x)
			defer c.Close()
			payload := make([]byte, benchPayload)
			flood(b, inFlight, func() error {
				var reply []byte
				return c.Call("Echo.Echo", payload, &reply)
			})
		})
	}
	b.Run("msg/1", func(b *testing.B) {
		x, y := tcpPair(b)
		client, server := channel.New(x, nil), channel.New(y, nil)
		defer client.Close()
		go echoMessages(server)
		payload := make([]byte, benchPayload)
		buf := make([]byte, 0, 2*benchPayload)
		flood(b, 1, func() error {
			if err := client.Send(payload); err != nil {
				return err
			}
			_, err := client.RecvInto(buf)
			return err
		})
	})
}

func echoMessages(c *channel.Channel) {
	defer c.Close()
	for msg := range c.Messages() {
		if c.Send(msg) != nil {
			return
		}
	}
}

type Echo struct{}

func (*Echo) Echo(payload []byte, reply *[]byte) error {
	*reply = payload
	return nil
}

// flood runs call b.N times, from that many goroutines.
func flood(b *testing.B, inFlight int, call func() error) {
	b.ReportAllocs()
	b.ResetTimer()
	var callers sync.WaitGroup
	for i := range inFlight {
		share := b.N / inFlight
		if i < b.N%inFlight {
			share++
		}
		callers.Go(func() {
			for range share {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkSubmit has 64 requests in flight from one goroutine, beside net/rpc.
func BenchmarkSubmit(b *testing.B) {
	const window = 64
	payload := make([]byte, benchPayload)
	b.Run("packetstream", func(b *testing.B) {
		c, _ := pair(b, nil, &Options{Handler: echo})
		var inFlight [window]*Pending
		ctx := context.Background()
		b.ReportAllocs()
		for i := range b.N {
			slot := &inFlight[i%window]
			if *slot != nil {
				if _, err := (*slot).Wait(ctx); err != nil {
					b.Fatal(err)
				}
			}
			var err error
			if *slot, err = c.Submit(ctx, Request{Payload: payload}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	})
	b.Run("rpc", func(b *testing.B) {
		x, y := tcpPair(b)
		s := rpc.NewServer()
		if err := s.Register(&Echo{}); err != nil {
			b.Fatal(err)
		}
		go s.ServeConn(y)
		c := rpc.NewClient(x)
		defer c.Close()
		var inFlight [window]*rpc.Call
		b.ReportAllocs()
		for i := range b.N {
			slot := &inFlight[i%window]
			if *slot != nil {
				if call := <-(*slot).Done; call.Error != nil {
					b.Fatal(call.Error)
				}
			}
			*slot = c.Go("Echo.Echo", payload, new([]byte), make(chan *rpc.Call, 1))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	})
}
