// Command split-body echoes behind a 4-byte length. The fault: a body is one Read.
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
	head := make([]byte, 4)
	for {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		size := binary.BigEndian.Uint32(head)
		if size > 16<<20 {
			return
		}
		body := make([]byte, size)
		if _, err := conn.Read(body); err != nil {
			return
		}
		conn.Write(append(head[:4:4], body...))
	}
}
