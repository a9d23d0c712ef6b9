// Command split-body echoes lines that end in CR LF. The fault: the two are looked for in each read by itself.
package main

import (
	"bytes"
	"fmt"
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
	var line []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := conn.Read(chunk)
		if err != nil {
			return
		}
		rest := chunk[:n]
		for {
			before, after, found := bytes.Cut(rest, []byte("\r\n"))
			line = append(line, before...)
			if !found {
				break
			}
			fmt.Fprintf(conn, "%s\r\n", line)
			line, rest = nil, after
		}
	}
}
