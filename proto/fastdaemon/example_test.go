package fastdaemon_test

import (
	"bytes"
	"context"
	"fmt"
	"net"

	"github.com/chancat/channel/proto/fastdaemon"
)

func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- fastdaemon.Serve(ctx, l, func(_ context.Context, r fastdaemon.Request) (fastdaemon.Reply, error) {
			return fastdaemon.Reply{Stdout: bytes.ToUpper(r.Stdin), Stderr: fmt.Append(nil, len(r.Args), " arguments")}, nil
		})
	}()

	reply, err := fastdaemon.Transfer(ctx, l.Addr().String(), []byte("hello"), []string{"alpha", "beta"})
	fmt.Printf("%s, %s, %v\n", reply.Stdout, reply.Stderr, err)

	stop()
	fmt.Println(<-done)
	// Output:
	// HELLO, 2 arguments, <nil>
	// context canceled
}
