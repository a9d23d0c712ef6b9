package packetstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/chancat/channel/proto/packetstream"
)

func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan error)
	go func() {
		done <- packetstream.Serve(ctx, l, func(_ context.Context, r packetstream.Request) (packetstream.Reply, error) {
			if r.Type != 0 {
				return packetstream.Reply{}, errors.New("not told to the client")
			}
			return packetstream.Reply{Payload: bytes.ToUpper(r.Payload)}, nil
		})
	}()

	stream, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	c := packetstream.New(stream, nil)
	defer c.Close()
	reply, err := c.Call(ctx, packetstream.Request{Payload: []byte("hello")})
	fmt.Printf("%s, %v\n", reply.Payload, err)
	_, err = c.Call(ctx, packetstream.Request{Type: 5})
	fmt.Println(err)
	fmt.Println(c.Shutdown(ctx))

	stop()
	fmt.Println(<-done)
	// Output:
	// HELLO, <nil>
	// the peer rejected the request: "exception during handler"
	// <nil>
	// context canceled
}

// Several requests in flight, whose replies may come in any order.
func ExampleConn_Submit() {
	a, b := net.Pipe()
	square := func(_ context.Context, r packetstream.Request) (packetstream.Reply, error) {
		return packetstream.Reply{Flags: r.Flags * r.Flags}, nil
	}
	client, server := packetstream.New(a, nil), packetstream.New(b, &packetstream.Options{Handler: square})
	defer server.Close()
	defer client.Close()
	ctx := context.Background()
	var pending []*packetstream.Pending
	for n := range uint64(4) {
		p, err := client.Submit(ctx, packetstream.Request{Flags: n})
		if err != nil {
			fmt.Println(err)
			return
		}
		pending = append(pending, p)
	}
	for _, p := range pending {
		reply, err := p.Wait(ctx)
		fmt.Println(p.Tag(), reply.Flags, err)
	}
	// Output:
	// 2 0 <nil>
	// 3 1 <nil>
	// 4 4 <nil>
	// 5 9 <nil>
}

// Requests with types of their own.
func ExampleRegister() {
	add := packetstream.Kind[[]int, int]{
		Type: 1, Name: "add",
		Question: packetstream.JSON[[]int](), Answer: packetstream.JSON[int](),
	}
	var known packetstream.Registry
	packetstream.Register(&known, add, func(_ context.Context, numbers []int) (sum int, err error) {
		for _, n := range numbers {
			sum += n
		}
		return sum, nil
	})

	a, b := net.Pipe()
	client, server := packetstream.New(a, nil), packetstream.New(b, &packetstream.Options{Handler: known.Handle})
	defer server.Close()
	defer client.Close()
	fmt.Println(add.Call(context.Background(), client, []int{1, 2, 3}))
	// Output: 6 <nil>
}

// A connection that is opened when it is first needed.
func ExampleOnDemand() {
	c := packetstream.OnDemand(func(ctx context.Context) (io.Reader, io.Writer, func() error, error) {
		fmt.Println("opening")
		stream, err := new(net.Dialer).DialContext(ctx, "unix", "/nobody/listens/here")
		if err != nil {
			return nil, nil, nil, err
		}
		return stream, stream, stream.Close, nil
	}, nil)
	defer c.Close()
	fmt.Println("nothing yet")
	_, err := c.Call(context.Background(), packetstream.Request{})
	fmt.Println(err)
	// Output:
	// nothing yet
	// opening
	// dial unix /nobody/listens/here: connect: no such file or directory
}
