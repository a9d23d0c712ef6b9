// Command coalesced echoes netstrings. The fault: one message is taken out of the buffer for each Read.
package main

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
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
	var data []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := conn.Read(chunk)
		if err != nil {
			return
		}
		data = append(data, chunk[:n]...)
		colon := bytes.IndexByte(data, ':')
		if colon < 0 && len(data) < 10 {
			continue
		}
		if colon < 0 {
			return
		}
		size, err := strconv.Atoi(string(data[:colon]))
		if err != nil || size < 0 || size > 16<<20 {
			return
		}
		end := colon + 1 + size + 1
		if len(data) < end {
			continue
		}
		if data[end-1] != ',' {
			return
		}
		conn.Write(data[:end])
		data = data[end:]
	}
}
