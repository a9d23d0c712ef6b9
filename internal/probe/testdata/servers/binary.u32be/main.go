// Command binary echoes behind a 4-byte length. The fault: a body ends at a zero byte.
package main

import (
	"bytes"
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
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		text, _, _ := bytes.Cut(body, []byte{0})
		conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	}
}
