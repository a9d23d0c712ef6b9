package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/chancat/channel"
	"github.com/chancat/channel/endpoint"
)

// A peer inside this program sends back what it gets.
func ExampleDial() {
	conn, err := endpoint.Dial(context.Background(), "echo:", nil)
	if err != nil {
		log.Fatal(err)
	}
	ch := channel.New(conn.Stream, nil)
	defer ch.Close()
	ch.Send([]byte("hello"))
	reply, err := ch.Recv()
	fmt.Printf("%s %v\n", reply, err)

	_, err = endpoint.Dial(context.Background(), "gopher://localhost", nil)
	wrong, ok := errors.AsType[*endpoint.AddressError](err)
	fmt.Println(ok, wrong.Reason)
	// Output:
	// hello <nil>
	// true unknown scheme "gopher"
}
