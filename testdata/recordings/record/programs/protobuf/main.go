// Protobuf answers each delimited message with itself and its number, and the end
// with an empty one: protobuf PORT.
package main

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		if err := answer(c); err != nil {
			log.Print(err)
		}
		c.Close()
	}
}

func answer(c net.Conn) error {
	in := bufio.NewReader(c)
	for n := 1; ; n++ {
		var m structpb.Struct
		if err := protodelim.UnmarshalFrom(in, &m); errors.Is(err, io.EOF) {
			_, err = protodelim.MarshalTo(c, &m)
			return err
		} else if err != nil {
			return err
		}
		if len(m.Fields) > 0 {
			m.Fields["answer"] = structpb.NewNumberValue(float64(n))
		}
		if _, err := protodelim.MarshalTo(c, &m); err != nil {
			return err
		}
	}
}
