// Command large echoes behind a 4-byte length. The fault: bodies live in a buffer of 64 KiB.
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go serve(conn)
	}
}

func serve(conn net.Conn) {
	defer conn.Close()
	var buffer [4 + 64<<10]byte
	for {
		if _, err := io.ReadFull(conn, buffer[:4]); err != nil {
			return
		}
		size := int(binary.BigEndian.Uint32(buffer[:4]))
		if size > len(buffer)-4 {
			return
		}
		if _, err := io.ReadFull(conn, buffer[4:4+size]); err != nil {
			return
		}
		conn.Write(buffer[:4+size])
	}
}
