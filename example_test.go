package channel_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"strings"
	"sync"

	"github.com/chancat/channel"
	"github.com/chancat/channel/framing"
)

// A server that answers every message in upper case, and a client of it.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	address := make(chan string)
	go func() {
		o := &channel.Options{OnListen: func(a net.Addr) { address <- a.String() }}
		for ch, err := range channel.Listen(ctx, "localhost:0", o) {
			if err != nil {
				log.Print(err)
				continue
			}
			go func() {
				defer ch.Close()
				for msg, err := range ch.Messages() {
					if err != nil {
						log.Print(err) // says at which byte, and why
						return
					}
					ch.Send([]byte(strings.ToUpper(string(msg))))
				}
			}()
		}
	}()

	ch, err := channel.Dial(ctx, <-address, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ch.Close()
	if err := ch.Send([]byte("hello")); err != nil {
		log.Fatal(err)
	}
	reply, err := ch.Recv()
	fmt.Printf("%s %v\n", reply, err)
	// Output: HELLO <nil>
}

func ExampleDial() {
	ctx := context.Background()

	ch, err := channel.Dial(ctx, "localhost:5000", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ch.Close()
	if err := ch.Send([]byte("hello")); err != nil {
		log.Fatal(err)
	}
	reply, err := ch.Recv()

	fmt.Printf("%s %v\n", reply, err)
}

// Connect dials again, with growing pauses, each time the loop comes round.
func ExampleConnect() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for ch, err := range channel.Connect(ctx, "no scheme and no port", nil) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		ch.Close()
	}
	// Output: address "no scheme and no port": no port; write one of port, :port, host:port, [::1]:port, tcp://host:port, tls://host:port, unix:PATH, unix:@NAME
}

// Each client is served by a goroutine of its own; the end of the context ends the
// loop, and clients that are connected live on.
func ExampleListen() {
	ctx, cancel := context.WithCancel(context.Background())
	o := &channel.Options{OnListen: func(a net.Addr) {
		go func() {
			defer cancel()
			ch, err := channel.Dial(ctx, a.String(), nil)
			if err != nil {
				log.Fatal(err)
			}
			defer ch.Close()
			reply, err := ch.Recv()
			fmt.Printf("%s %v\n", reply, err)
		}()
	}}
	var served sync.WaitGroup
	for ch, err := range channel.Listen(ctx, "localhost:0", o) {
		if err != nil {
			log.Print(err)
			continue
		}
		served.Go(func() {
			defer ch.Close()
			ch.Send([]byte("welcome"))
		})
	}
	served.Wait()
	// Output: welcome <nil>
}

// A pair in memory is enough to test what speaks over a Channel.
func ExamplePipe() {
	server, client := channel.Pipe(nil)
	go func() {
		defer server.Close()
		msg, _ := server.Recv()
		server.Send(append([]byte("hello "), msg...))
	}()
	client.Send([]byte("world"))
	reply, err := client.Recv()
	fmt.Printf("%s %v\n", reply, err)
	_, err = client.Recv()
	fmt.Println(err)
	// Output:
	// hello world <nil>
	// EOF
}

// Any framing goes over any stream.
func ExampleNew() {
	a, b := channel.Pipe(&channel.Options{Codec: framing.U16BE})
	defer a.Close()
	defer b.Close()
	a.SendBuffered([]byte("one"))
	a.SendBuffered([]byte("two"))
	a.CloseWrite()
	for msg, err := range b.Messages() {
		fmt.Printf("%s %v\n", msg, err)
	}
	// Output:
	// one <nil>
	// two <nil>
}
